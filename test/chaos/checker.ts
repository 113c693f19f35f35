/**
 * Judges from outside what a cluster has done: by the agents' own logs, the rows of the database and
 * the events that anybody can read over HTTP. Answers sentences, each with the invariant of
 * docs/reliability.md that does not hold; none means that all held.
 */
import { deploymentStates } from '../../src/deployments/deployment.states.js';
import type { RunStatus } from '../../src/engine/run.js';
import { LEASE_MS } from '../../src/engine/lease-keeper.js';
import type { Client } from '../support/client.js';
import { journalFaults, type Entry } from '../support/journal-faults.js';
import { auditFaults } from './audit-faults.js';
import { logFaults, madeFaults } from './log-faults.js';
import { intrusions } from './neighbour.js';
import { effectsIn } from './service.js';
import { startFaultsOf } from './start-faults.js';
import type { World } from './world.js';

export interface DeploymentRow {
  readonly id: string;
  readonly status: RunStatus;
  readonly place: string;
  /** The idempotency key that the client had sent, from the metadata, or what it goes back to. */
  readonly key: string | null;
}

export function deploymentsOf(world: World): Promise<DeploymentRow[]> {
  return world.rows<DeploymentRow>(
    `select id, status, cluster_id || ' ' || module_id as place,
       case when origin_id is null then metadata->>'key' else kind || ' of ' || origin_id end as key
     from deployments order by id`,
  );
}

export function isOver({ status }: { status: RunStatus }): boolean {
  return deploymentStates.isTerminal(status);
}

export async function journalsOf(world: World): Promise<Map<string, Entry[]>> {
  const rows = await world.rows<Entry & { id: string }>(
    `select deployment_id as id, seq, at, plan_number as "planNumber", step_id as "stepId", attempt,
       kind, data from journal order by deployment_id, seq`,
  );
  const journals = new Map<string, Entry[]>();
  for (const { id, ...entry } of rows) journals.set(id, [...(journals.get(id) ?? []), entry]);
  return journals;
}

/** All that must hold once every deployment is over; `shown`: whose events are asked for over HTTP. */
export async function faultsOf(
  world: World,
  client: Client,
  shown?: readonly string[],
): Promise<string[]> {
  const deployments = await deploymentsOf(world);
  const journals = await journalsOf(world);
  const faults = deployments.flatMap(({ id, status }) => {
    if (!isOver({ status })) return [`I1 deployment ${id} is still ${status}`];
    return journalFaults(journals.get(id) ?? []).map((fault) => `${fault} (deployment ${id})`);
  });
  faults.push(...keyFaults(deployments), ...overlaps(deployments, journals));
  faults.push(...(await effectFaults(world)), ...(await leaseFaults(world)));
  const ids = shown ?? deployments.map((each) => each.id);
  faults.push(...(await auditFaults(world, journals)), ...(await intrusions(world, ids)));
  faults.push(...(await startFaultsOf(world)));
  faults.push(...(await madeFaults(world)), ...(await logFaults(world)));
  for (const id of ids) {
    faults.push(...(await eventFaults(client, id, journals.get(id) ?? [])));
  }
  return faults;
}

function keyFaults(deployments: readonly DeploymentRow[]): string[] {
  const byKey = new Map<string, string[]>();
  for (const { key, id } of deployments) if (key) byKey.set(key, [...(byKey.get(key) ?? []), id]);
  return [...byKey].flatMap(([key, ids]) =>
    ids.length > 1 ? [`I6 key ${key} made ${ids.length} deployments: ${ids.join(', ')}`] : [],
  );
}

/** From taking the slot to the end nobody else may be at work on the same module and cluster. */
function overlaps(
  deployments: readonly DeploymentRow[],
  journals: ReadonlyMap<string, readonly Entry[]>,
): string[] {
  const turns = deployments.flatMap(({ id, place }) => {
    const journal = journals.get(id) ?? [];
    const from = journal.find(
      ({ kind, data }) => kind === 'status-changed' && data.status === 'Running',
    );
    const end = journal.find(({ kind }) => kind === 'finished');
    return from ? [{ id, place, from: from.at.getTime(), to: end?.at.getTime() ?? Infinity }] : [];
  });
  return turns.flatMap((one) =>
    turns
      .filter(({ id, place, from }) => id !== one.id && place === one.place && from >= one.from)
      .filter(({ from }) => from < one.to)
      .map(({ id }) => `slot: deployment ${id} began while ${one.id} held the slot`),
  );
}

/** By node, module and generation: a hook ran once, and nothing was started without it. */
async function effectFaults(world: World): Promise<string[]> {
  const nodes = world.nodes.map(({ name }) => name);
  const { hooks, unaccounted } = await effectsIn(world.effectsFolder, nodes);
  const faults = [...hooks]
    .filter(([, count]) => count > 1)
    .map(([key, count]) => `I2 an effect happened ${count} times: ${key}`);
  return [...faults, ...unaccounted.map((release) => `I2 ${release} was started once too often`)];
}

/** At any time: nobody holds a run for long after its lease has ended, and no lease is too long. */
export async function leaseFaults(world: World): Promise<string[]> {
  const rows = await world.rows<{ id: string; ageMs: number }>(
    `select id, (extract(epoch from clock_timestamp() - lease_until) * 1000)::float8 as "ageMs"
     from runs where lease_until is not null and (lease_until > clock_timestamp() + $1::int * interval '1 ms'
       or greatest(wake_at, lease_until) < clock_timestamp() - $2::int * interval '1 ms')`,
    [LEASE_MS, 2 * LEASE_MS],
  );
  return rows.map(({ id, ageMs }) => `I8 the lease of run ${id} ended ${Math.round(ageMs)} ms ago`);
}

/** What is shown to people is what is written. */
async function eventFaults(
  client: Client,
  id: string,
  journal: readonly Entry[],
): Promise<string[]> {
  const shown: number[] = [];
  for (let after = 0; ;) {
    const { status, body } = await client.get(`/deployments/${id}/events?after=${after}&limit=200`);
    if (status !== 200) return [`I7 events of ${id}: ${status}`];
    const items = body.items as { sequence: number }[];
    shown.push(...items.map(({ sequence }) => sequence));
    if (items.length === 0 || shown.length >= journal.length) break;
    after = shown.at(-1)!;
  }
  const wanted = journal.map(({ seq }) => seq);
  return shown.join() === wanted.join() ? [] : [`I7 events of ${id}: ${shown.join()}`];
}

/** Every node does what it was told last; answers what is not so (yet). */
export async function unsettled(world: World): Promise<string[]> {
  const rows = await world.rows<{ name: string; told: number; said: number; state: string }>(
    `select n.name, d.generation as told, coalesce(o.generation, 0) as said,
       coalesce(o.state, 'silent') as state
     from desired_modules d join nodes n on n.id = d.node_id
     left join observed_modules o on o.node_id = d.node_id and o.module_id = d.module_id
     where o.generation is distinct from d.generation or o.state not in ('healthy', 'absent')
       or jsonb_array_length(o.running) <> jsonb_array_length(d.releases)
     order by n.name`,
  );
  return rows.map(
    ({ name, told, said, state }) =>
      `desired state: ${name} was told ${told} and says ${said}, ${state}`,
  );
}
