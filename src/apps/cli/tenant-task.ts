import { setTimeout as pause } from 'node:timers/promises';
import { answer, type Tidegate } from '#sdk';
import type { Cli } from './cli.js';
import { printable } from './display/printable.js';
import { exitCodes } from './exit-codes.js';

const ASK_MS = 500;

export const tenantOf = ({ api }: Tidegate, id: string) =>
  answer(api.GET('/api/v1/tenants/{id}', { params: { path: { id } } }));

export type Tenant = Awaited<ReturnType<typeof tenantOf>>;

export function taskText({ task }: Tenant): string {
  if (!task) return '-';
  const { kind, state, step, done, steps, failures, reason } = task;
  const at = step === null ? '' : `, ${done + 1} of ${steps.length}: ${step}`;
  const why = reason !== null && (failures > 0 || state !== 'succeeded') ? ` (${reason})` : '';
  return printable(`${kind} ${state}${at}${why}`);
}

/**
 * Shows each step of a tenant's task until it is over, on stderr, and tells how it stands then. The task
 * goes on whoever watches.
 */
export async function followTask(
  cli: Cli,
  client: Tidegate,
  id: string,
  timeoutMs: number,
): Promise<{ tenant: Tenant; code: number }> {
  const until = performance.now() + timeoutMs;
  let isInterrupted = false;
  const release = cli.onInterrupt(() => {
    isInterrupted = true;
  });
  let shown = '';
  try {
    for (;;) {
      const tenant = await tenantOf(client, id);
      const text = taskText(tenant);
      if (tenant.task !== null && text !== shown) cli.terminal.note(text);
      shown = text;
      if (tenant.task?.state === 'undone') return { tenant, code: exitCodes.failed };
      if (tenant.status !== 'provisioning') return { tenant, code: exitCodes.succeeded };
      if (isInterrupted) return { tenant, code: exitCodes.interrupted };
      if (performance.now() > until) return { tenant, code: exitCodes.timeout };
      await pause(ASK_MS);
    }
  } finally {
    release();
  }
}
