/**
 * What the audit log must never say: that something has started, or moved on from Pending, between a kill
 * switch's on and its off, or inside a freeze that named its start. Facts are the log's alone.
 */
import { environmentKey } from '../../src/kernel/environment-key.js';
import { frozenAt } from '../../src/deployments/windows/freeze-times.js';
import type { FreezeTimes } from '../../src/deployments/windows/freeze.js';
import type { FreezeBody } from '../../src/deployments/windows/freezes.events.js';
import type { World } from './world.js';

/** In the order in which they were written. */
export interface AuditFact {
  readonly tenantId: string;
  readonly at: Date;
  readonly action: string;
  readonly subjectId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Started {
  readonly lane: 'normal' | 'rollback';
  readonly module: string;
  readonly environment: string;
}

export async function startFaultsOf(world: World): Promise<string[]> {
  const facts = await world.rows<Omit<AuditFact, 'body'> & { text: string }>(
    `select tenant_id as "tenantId", at, action, subject_id as "subjectId", body_text as text
     from audit_entries where action in ('deployment-started', 'kill-switch-turned',
       'platform-switch-turned', 'freeze-created', 'freeze-changed', 'freeze-removed', 'freeze-overridden')
     order by at, id`,
  );
  const rows = await world.rows<Started & { id: string }>(
    `select id, lane, spec_text::jsonb->'module'->>'name' as module,
       spec_text::jsonb->'environment'->>'name' as environment from deployments`,
  );
  const deployments = new Map(rows.map(({ id, ...started }) => [id, started]));
  return startFaults(
    facts.map(({ text, ...fact }) => ({ ...fact, body: JSON.parse(text) as AuditFact['body'] })),
    deployments,
  );
}

export function startFaults(
  facts: readonly AuditFact[],
  deployments: ReadonlyMap<string, Started>,
): string[] {
  const faults: string[] = [];
  /** By tenant; of the platform under its own name. */
  const switchedOn = new Set<string>();
  const freezes = new Map<string, { tenantId: string; body: FreezeBody }>();
  const overridden = new Set<string>();
  for (const { tenantId, at, action, subjectId, body } of facts) {
    switch (action) {
      case 'kill-switch-turned':
      case 'platform-switch-turned': {
        const whose = action === 'platform-switch-turned' ? 'platform' : tenantId;
        if (body.isOn === true) switchedOn.add(whose);
        else switchedOn.delete(whose);
        break;
      }
      case 'freeze-created':
      case 'freeze-changed':
        freezes.set(subjectId, { tenantId, body: body as FreezeBody });
        break;
      case 'freeze-removed':
        freezes.delete(subjectId);
        break;
      case 'freeze-overridden':
        overridden.add(subjectId);
        break;
      default: {
        const started = deployments.get(subjectId);
        // Whatever goes back may, and a resumed one had started before.
        const isStart = ['Pending', 'PendingApproval'].includes(String(body.previousStatus));
        if (started?.lane !== 'normal' || !isStart) break;
        if (switchedOn.has(tenantId) || switchedOn.has('platform')) {
          faults.push(`start: deployment ${subjectId} started while the kill switch was on`);
        }
        if (overridden.has(subjectId)) break;
        for (const freeze of freezes.values()) {
          if (freeze.tenantId !== tenantId || !isFrozen(freeze.body, started, at)) continue;
          faults.push(`start: deployment ${subjectId} started inside freeze "${freeze.body.name}"`);
        }
      }
    }
  }
  return faults;
}

/** Labels are the environment's own, which the log does not have: freezes by label are left out. */
function isFrozen(freeze: FreezeBody, { module, environment }: Started, at: Date): boolean {
  const { environments, modules, labels, verbs } = freeze;
  if (!verbs.includes('start') || Object.keys(labels).length > 0) return false;
  if (modules.length > 0 && !modules.includes(module)) return false;
  const key = environmentKey(environment);
  if (environments.length > 0 && !environments.some((name) => environmentKey(name) === key)) {
    return false;
  }
  return frozenAt(timesOf(freeze), at.getTime()) !== null;
}

function timesOf({ from, to, rule, start, duration, timeZone }: FreezeBody): FreezeTimes {
  return {
    kind: rule === null ? 'once' : 'recurring',
    startsAt: new Date(from),
    endsAt: to === null ? null : new Date(to),
    rule,
    localStart: start,
    duration,
    timeZone,
  };
}
