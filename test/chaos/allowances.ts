/**
 * A run in which the tenant has quotas and the installation its rate limits: under faults nothing goes
 * beyond them, nothing is lost by them, and the counters say in the end what is there.
 */
import type { Client } from '../support/client.js';
import type { World } from './world.js';

/** Fewer than a run starts, so that it ends against the limit. */
const DEPLOYMENTS_A_MONTH = 25;
/** Of one person, in the first half: far less than a run asks for. */
const DEPLOYMENTS_A_MINUTE = 3;
/** A run signs in and reads far more than people do. */
const AMPLE = 60_000;
const ampleRates = ['address', 'signIn', 'account', 'tenant', 'other'] as const;
const ampleQuotas = { modules: 50, nodes: 50, clusters: 50, members: 50, keys: 50 };

export async function limitTenant(client: Client): Promise<void> {
  for (const limit of ampleRates) await setRate(client, limit, AMPLE);
  await setRate(client, 'deployments', DEPLOYMENTS_A_MINUTE);
  await setQuota(client, DEPLOYMENTS_A_MONTH);
}

/** In the second half the quota alone is in the way. Answers when that began, ms since the epoch. */
export async function liftRate(client: Client): Promise<number> {
  const since = Date.now();
  await setRate(client, 'deployments', AMPLE);
  return since;
}

/** For what comes after the run. */
export function liftQuota(client: Client): Promise<void> {
  return setQuota(client, AMPLE);
}

async function setRate(client: Client, limit: string, perMinute: number): Promise<void> {
  const path = `/rate-limits/${limit}`;
  const { body } = await client.get(path);
  const ifMatch = { 'if-match': `"${body.version}"` };
  const answer = await client.put(path, { perMinute, reason: 'chaos' }, ifMatch);
  if (answer.status !== 200) throw new Error(`${limit}: ${JSON.stringify(answer.body)}`);
}

async function setQuota(client: Client, deploymentsPerMonth: number): Promise<void> {
  const { body: list } = await client.get('/tenants');
  const tenant = list.items.find(({ slug }: { slug: string }) => slug === 'default');
  const subscription = {
    tier: tenant.tier,
    quotaOverrides: { ...ampleQuotas, deploymentsPerMonth },
  };
  const ifMatch = { 'if-match': `"${tenant.version}"` };
  const path = `/tenants/${tenant.id}/subscription`;
  const answer = await client.put(path, subscription, ifMatch);
  if (answer.status !== 200) throw new Error(`quotas: ${JSON.stringify(answer.body)}`);
}

interface Count {
  readonly quota: string;
  readonly used: number;
  readonly counted: number;
}

/** What is there, past the API: rollbacks are neither counted nor refused. */
const COUNTED: Readonly<Record<string, string>> = {
  deploymentsPerMonth: `select count(*) from deployments where lane = 'normal' and tenant_id = q.tenant_id`,
  modules: 'select count(*) from modules where tenant_id = q.tenant_id',
  nodes: 'select count(*) from nodes where revoked_at is null and tenant_id = q.tenant_id',
  clusters: 'select count(*) from clusters where tenant_id = q.tenant_id',
  members: 'select count(*) from memberships where tenant_id = q.tenant_id',
};

/** Once all is calm: each counter is what it counts. */
export async function countFaults(world: World): Promise<string[]> {
  const cases = Object.entries(COUNTED).map(([quota, sql]) => `when '${quota}' then (${sql})`);
  const rows = await world.rows<Count>(
    `select q.quota, q.used::int as used, (case q.quota ${cases.join(' ')} end)::int as counted
     from quota_counters q join tenants t on t.id = q.tenant_id
     where t.slug = 'default' and q.quota = any($1) order by 1`,
    [Object.keys(COUNTED)],
  );
  const seen = rows.map(({ quota }) => quota);
  if (!seen.includes('deploymentsPerMonth')) return ['quota: no deployment was counted'];
  return rows
    .filter(({ used, counted }) => used !== counted)
    .map(({ quota, used, counted }) => `quota ${quota}: ${used} are counted, there are ${counted}`);
}

/** The month's quota is used up, and not by one more. */
export async function overshoot(world: World): Promise<string[]> {
  const [row] = await world.rows<{ made: number }>(
    `select count(*)::int as made from deployments where lane = 'normal'`,
  );
  const made = row?.made ?? 0;
  if (made <= DEPLOYMENTS_A_MONTH) return [];
  return [`quota deploymentsPerMonth: ${made} were made, the limit is ${DEPLOYMENTS_A_MONTH}`];
}

/**
 * As long as it was limited: no more in a minute than a full budget and what comes back of it, for Redis
 * and for each API, which counts by itself while Redis is away. Without a limit it would be the month's
 * quota within seconds.
 */
export async function rushes(world: World, apis: number, until: number): Promise<string[]> {
  const [row] = await world.rows<{ most: number }>(
    `select count(*)::int as most from deployments
     where kind = 'deploy' and created_at < to_timestamp($1::float8 / 1000)`,
    [until],
  );
  const bound = 2 * DEPLOYMENTS_A_MINUTE * (1 + apis);
  const most = row?.most ?? 0;
  return most <= bound ? [] : [`rate limit: ${most} deployments within a minute, at most ${bound}`];
}
