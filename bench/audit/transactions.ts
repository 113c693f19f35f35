/**
 * The audited transaction beside the same without its entry: a deployment that is accepted over HTTP, by two API
 * processes that differ in nothing else, and the smallest there is, in this process: one row of a node changes.
 * Both sides take turns on one database, so that a busy machine disturbs them alike.
 */
import { dirname, resolve } from 'node:path';
import { nodeCordoned } from '../../src/fleet/nodes/nodes.events.js';
import { newId } from '../../src/kernel/ids.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Events } from '../../src/platform/events/events.js';
import { builtServer } from '../../test/support/built.js';
import { median } from '../engine/figures.js';
import type { Rig } from '../engine/rig.js';
import { type BenchTenant, moduleName } from '../engine/world.js';

const IN_FLIGHT = 32;

export interface Turns {
  readonly seconds: number;
  /** Whose median is taken, after one that warms both up. */
  readonly rounds: number;
}

type Side = (tenants: readonly BenchTenant[], untilMs: number) => Promise<number>;
type Sides = { readonly without: Side; readonly audited: Side };

/** The API that goes on being the rig's is the audited one. */
export async function acceptedSides(rig: Rig): Promise<Sides> {
  const built = resolve(dirname((await builtServer()).api), '../..');
  const without = await rig.startApi({
    NODE_OPTIONS: `--import ${resolve('bench/engine/without-audit.mjs')}`,
    BENCH_BUILT: built,
  });
  const audited = await rig.startApi();
  let turn = 0;
  const accept =
    (api: typeof audited): Side =>
    async (tenants, untilMs) => {
      rig.api = api;
      return atFullSpeed(untilMs, async () => {
        turn += 1;
        const tenant = tenants[turn % tenants.length]!;
        const { clusters } = tenant.fleet;
        const at = Math.floor(turn / tenants.length);
        const cluster = clusters[at % clusters.length]!;
        await tenant.deploy(moduleName(Math.floor(at / clusters.length) % SLOTS), cluster.name);
      });
    };
  return { without: accept(without), audited: accept(audited) };
}

/** Modules of each tenant: so many deployments of a cluster do not wait for each other. */
export const SLOTS = 10;

export async function smallestSides(rig: Rig): Promise<Sides> {
  const { app, system } = rig.roles;
  const log = { warn: () => undefined, error: () => undefined };
  const signal = { publish: () => undefined };
  const silent = { append: () => Promise.resolve() } as unknown as Audit;
  const open = async (audit: Audit) => {
    const recorder = new Events(signal, audit);
    const database = await Database.open({
      app,
      system,
      poolSize: 8,
      systemPoolSize: 1,
      log,
      recorder,
    });
    rig.later(() => database.close());
    return database;
  };
  const change =
    (database: Database): Side =>
    (tenants, untilMs) => {
      let turn = 0;
      return atFullSpeed(untilMs, () => {
        turn += 1;
        const tenant = tenants[turn % tenants.length]!;
        const { clusters } = tenant.fleet;
        const cluster = clusters[Math.floor(turn / tenants.length) % clusters.length]!;
        const nodeId = cluster.nodeIds[turn % cluster.nodeIds.length]!;
        return database.transaction(Context.system(tenant.id, 'bench'), async (opened) => {
          await opened.tx.execute(
            'update nodes set admin_state = admin_state where tenant_id = $1 and id = $2',
            [tenant.id, nodeId],
          );
          const place = { name: newId(), environment: 'QA', cluster: cluster.name };
          await opened.record(nodeCordoned(nodeId, place));
        });
      });
    };
  return { without: change(await open(silent)), audited: change(await open(new Audit())) };
}

/** `[without, audited, ratio]`, of medians; the ratio is the median of those of each round. */
export async function inTurns(
  { without, audited }: Sides,
  tenants: readonly BenchTenant[],
  { seconds, rounds }: Turns,
): Promise<{ without: number; audited: number; ratio: number }> {
  const found: [number, number][] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const first = await without(tenants, seconds * 1_000);
    const second = await audited(tenants, seconds * 1_000);
    if (round > 0) found.push([first, second]);
  }
  return {
    without: median(found.map(([first]) => first)),
    audited: median(found.map(([, second]) => second)),
    ratio: median(found.map(([first, second]) => second / first)),
  };
}

/** How often a second. */
async function atFullSpeed(ms: number, work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() < since + ms) {
        await work();
        count += 1;
      }
    }),
  );
  return (count / (performance.now() - since)) * 1_000;
}
