/** What tests of freezes, the switch, holds and dates have in common: real steps, acted on by hand. */
import { expect } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import type { DeployingTenant } from './deployments-app.js';

const HOUR_MS = 3_600_000;

export const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
export const now = () => ({ kind: 'once', from: inHours(-1), to: inHours(2) });

export const admin = (
  tenant: DeployingTenant,
  method: string,
  path: string,
  body?: unknown,
  headers = {},
) => tenant.as('Admin', path, { method, headers, ...(body === undefined ? {} : { body }) });

export async function freeze(tenant: DeployingTenant, change: object = {}) {
  const body = {
    name: `freeze ${newId()}`,
    reason: 'the end of the year',
    window: now(),
    ...change,
  };
  const answer = await admin(tenant, 'POST', '/freezes', body);
  expect([answer.status, answer.body.code]).toEqual([201, undefined]);
  return answer.body as { id: string; name: string; version: number; current: { to: string } };
}

export async function ready(tenant: DeployingTenant, change: object = {}): Promise<string> {
  const id = await tenant.deploy({ strategy: { kind: 'direct' }, ...change });
  await tenant.app.pass(tenant.id, id, 'preflight');
  return id;
}

const shown = async (tenant: DeployingTenant, id: string) =>
  (await tenant.get(`/deployments/${id}`)).body;

export async function acted(tenant: DeployingTenant, id: string) {
  await tenant.app.sql('update runs set wake_at = clock_timestamp() where id = $1', [id]);
  await tenant.app.act(tenant.id, id);
  return shown(tenant, id);
}

export const isAwake = async ({ app }: DeployingTenant, id: string) =>
  (
    await app.sql<{ due: boolean }>(
      'select wake_at <= clock_timestamp() as due from runs where id = $1',
      [id],
    )
  )[0]!.due;

export const notes = async (tenant: DeployingTenant, id: string) =>
  ((await tenant.get(`/deployments/${id}/events`)).body.items as { kind: string; data: object }[])
    .filter(({ kind }) => kind === 'step-note')
    .map(({ data }) => data);

export const audited = ({ app }: DeployingTenant, subject: string) =>
  app.sql<{ action: string; category: string; body: string }>(
    'select action, category, body_text as body from audit_entries where subject_id = $1 order by at',
    [subject],
  );

export async function succeeded(tenant: DeployingTenant, ...ids: string[]): Promise<void> {
  await tenant.app.sql(
    `update deployments set status = 'Succeeded', finished_at = clock_timestamp() where id = any($1)`,
    [ids],
  );
}
