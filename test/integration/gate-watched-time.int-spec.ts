/** A gate counts the time that it has watched: nobody's absence, and no clock, decides anything. */
import { GatePoller } from '../../src/deployments/gates/gate-poller.js';
import type { GateNode, GateSpec, GateState } from '../../src/deployments/gates/gate-spec.js';
import { gates } from '../../src/deployments/gates/gates.js';
import { samplesOf } from '../../src/deployments/gates/gates.store.js';
import { newId } from '../../src/kernel/ids.js';
import { Context } from '../../src/platform/context.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import { eventually } from '../support/eventually.js';
import { SqlRunStoreBench } from '../support/sql-run-store-bench.js';

const STEP = 'w1.stabilization';
const MODULE = newId();
const RELEASE = newId();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const gate = gates.get('stabilization');
const params = gate.params.parse({
  pollIntervalMs: 1000,
  minWaitMs: 0,
  maxWaitMs: 30_000,
  warmUpMs: 0,
  minRequests: 30,
  minChecks: 3,
  trendAfterMs: 60_000,
  consecutiveStableChecks: 2,
});
const baselines = { firstRelease: true, wave: null, earlier: null, control: null, first: null };

interface Watched {
  readonly tenantId: string;
  readonly id: string;
  readonly node: GateNode;
  readonly control: readonly GateNode[];
  readonly spec: GateSpec;
}

let bench: SqlRunStoreBench;
let poller: GatePoller;
beforeAll(async () => {
  bench = await SqlRunStoreBench.open();
  poller = new GatePoller(bench.db, new InProcessSignal());
});
afterEach(() => bench.sql('update runs set wake_at = null, polls_gate = false'));
afterAll(() => bench?.close());

const named = (name: string): GateNode => ({ nodeId: newId(), name });

/** A gate that was polled last so long ago, by the database's clock as it is now. */
async function lookedAt(agoMs: number, change: Partial<GateSpec> = {}): Promise<Watched> {
  const { tenantId, id } = await bench.add();
  const node = named('web-1');
  const control = change.control ?? [];
  const now = Date.now();
  const spec: GateSpec = {
    kind: gate.kind,
    version: gate.version,
    params,
    baselines,
    targetKind: 'agent',
    moduleId: MODULE,
    movedAt: now - agoMs - 10_000,
    samplesBefore: 0,
    wave: [node],
    earlier: [],
    control,
    first: [node],
    ...change,
  };
  const state: GateState = {
    stepId: STEP,
    n: 0,
    readTo: now - agoMs,
    state: gates.get(spec.kind).start(spec.baselines, spec.params),
    watchedMs: 10_000,
    watchedSince: now - agoMs - 10_000,
    verdict: 'waiting',
    reason: 'not polled yet',
    reading: null,
  };
  await bench.sql(
    `with s as (insert into gate_specs (tenant_id, deployment_id, step_id, body)
       values ($1, $2, $3, $4))
     update runs set gate = $5, polls_gate = true, wake_at = clock_timestamp() where id = $2`,
    [tenantId, id, STEP, JSON.stringify(spec), JSON.stringify(state)],
  );
  return { tenantId, id, node, control, spec };
}

/** Running totals, as an agent reports them. */
async function report(
  of: Watched,
  requests: number,
  errors: number,
  agoMs: number,
  node = of.node,
) {
  await bench.sql(
    `insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
       errors, cpu_ms, memory_bytes, counters)
     values ($1, $2, $3, $4, 'a', to_timestamp($5::float8 / 1000), $6, $7, 0, 1000000, $8)`,
    [
      of.tenantId,
      node.nodeId,
      MODULE,
      RELEASE,
      Date.now() - agoMs,
      requests,
      errors,
      JSON.stringify({ histogram: requests > 0 ? [[80, requests]] : [] }),
    ],
  );
}

/** Polls it as if the interval were over. */
async function poll({ id }: Watched): Promise<GateState & { pollsGate: boolean }> {
  await bench.sql('update runs set wake_at = clock_timestamp() where polls_gate and id = $1', [id]);
  await poller.poll();
  const [row] = await bench.sql<{ gate: GateState; pollsGate: boolean }>(
    'select gate, polls_gate as "pollsGate" from runs where id = $1',
    [id],
  );
  return { ...row!.gate, pollsGate: row!.pollsGate };
}

const samples = ({ tenantId, id }: Watched) =>
  bench.db.transaction(Context.system(tenantId, 'test'), (open) =>
    samplesOf(open, { deploymentId: id, stepId: STEP }, 0),
  );

describe('a gate that nobody has polled for half an hour', () => {
  it('has not waited any longer for that, and goes on', async () => {
    const watched = await lookedAt(30 * MINUTE_MS);
    await report(watched, 1_000, 0, 31 * MINUTE_MS);
    await report(watched, 60_000, 0, 1_000);
    const state = await poll(watched);
    expect(state).toMatchObject({ verdict: 'waiting', pollsGate: true });
    expect(state.watchedMs).toBe(12_000);
    expect(await samples(watched)).toMatchObject([{ ageS: 12, afterGap: true }]);
  });

  it('takes no node for lost that could not be heard', async () => {
    const watched = await lookedAt(30 * MINUTE_MS);
    await report(watched, 1_000, 0, 31 * MINUTE_MS);
    expect(await poll(watched)).not.toHaveProperty('silent');
    expect(await samples(watched)).toMatchObject([{ silentNodes: [] }]);
  });

  it('knows the lump that a node sends afterwards from what one interval has seen', async () => {
    const watched = await lookedAt(30 * MINUTE_MS);
    await report(watched, 1_000, 0, 31 * MINUTE_MS);
    await poll(watched);
    await report(watched, 60_000, 40_000, 0);
    // Read when it is as old as reports may be on their way.
    await eventually(async () => {
      await poll(watched);
      const seen = (await samples(watched)).find(({ wave }) => wave.n > 0);
      expect(seen).toMatchObject({ afterGap: true, wave: { n: 59_000, errors: 40_000 } });
    });
  });
});

describe('a clock', () => {
  it('that was set back an hour stops no gate, and decides nothing', async () => {
    const watched = await lookedAt(-HOUR_MS);
    await report(watched, 1_000, 0, 2_000);
    const state = await poll(watched);
    expect(state).toMatchObject({ verdict: 'waiting', watchedMs: 10_000, pollsGate: true });
    expect(state.readTo).toBeLessThan(Date.now() + MINUTE_MS);
  });
});

describe('a gate that sleeps where no poll can be', () => {
  it('is polled all the same, and one that sleeps until its next poll is left alone', async () => {
    const [far, near] = [await lookedAt(-HOUR_MS), await lookedAt(1_000)];
    const sleeps = (of: Watched, ms: number) =>
      bench.sql(
        `update runs set wake_at = clock_timestamp() + $2::int * interval '1 millisecond' where id = $1`,
        [of.id, ms],
      );
    await sleeps(far, HOUR_MS);
    await sleeps(near, 5 * MINUTE_MS);
    await poller.lookAtClock();
    expect(await poller.poll()).toEqual({ polled: 1, more: false });
    expect(await samples(far)).toHaveLength(1);
    expect(await samples(near)).toEqual([]);
  });
});

describe('a gate that another version has begun', () => {
  it('is given back to its step, which begins the watch anew', async () => {
    const watched = await lookedAt(1_000, { version: gate.version - 1 });
    expect(await poll(watched)).toMatchObject({ pollsGate: false, n: 0, verdict: 'waiting' });
    expect(await samples(watched)).toEqual([]);
  });
});

describe('a gate that is polled more often than nodes report', () => {
  const utilization = gates.get('utilization');
  const room = { cpuMillicores: 1000, memoryMiB: 1000 };
  const often: Partial<GateSpec> = {
    kind: utilization.kind,
    version: utilization.version,
    params: utilization.params.parse({
      pollIntervalMs: 500,
      maxWaitMs: 30_000,
      consecutiveStableChecks: 2,
    }),
  };
  const web1: GateNode = { ...named('web-1'), ...room };
  const web2: GateNode = { ...named('web-2'), ...room };

  it('checks what all have reported since the last check, however many polls that took', async () => {
    const watched = await lookedAt(1_000, { ...often, wave: [web1, web2] });
    for (const node of [web1, web2]) await report(watched, 0, 0, 2_000, node);
    await report(watched, 0, 0, 500, web1);
    expect(await poll(watched)).toMatchObject({
      reading: { checks: 0, incomplete: true },
      reason: 'no report since the last check from node web-2',
    });
    // It was on its way for longer than a poll allows for.
    await report(watched, 0, 0, 450, web2);
    expect(await poll(watched)).toMatchObject({ reading: { checks: 1, consecutiveGood: 1 } });
    // Nobody has had anything to say meanwhile: that is no check, and takes none back.
    expect(await poll(watched)).toMatchObject({ reading: { checks: 1, consecutiveGood: 1 } });
    await report(watched, 0, 0, 0, web1);
    await eventually(async () => {
      const seen = await poll(watched);
      expect(seen.reason).toBe('no report since the last check from node web-2');
    });
    await report(watched, 0, 0, 0, web2);
    await eventually(async () => {
      expect(await poll(watched)).toMatchObject({ verdict: 'stable', pollsGate: false });
    });
    expect((await samples(watched)).filter(({ usage }) => usage?.cpu)).toHaveLength(2);
  });

  it('begins its row of good checks anew after a node that has been silent', async () => {
    const watched = await lookedAt(10_000, { ...often, wave: [web1] });
    await report(watched, 0, 0, 12_000, web1);
    await report(watched, 0, 0, 500, web1);
    expect(await poll(watched)).toMatchObject({ reading: { checks: 1, consecutiveGood: 1 } });
    // As if nothing had come for longer than nodes may miss a report.
    await bench.sql(
      `update node_metrics set at = at - interval '30 s' where node_id = $1 and tenant_id = $2`,
      [web1.nodeId, watched.tenantId],
    );
    expect(await poll(watched)).toMatchObject({ reading: { checks: 1, consecutiveGood: 0 } });
  });
});

describe('an untouched node that breaks by itself', () => {
  it('is not asked what happens to all', async () => {
    const control = ['web-2', 'web-3', 'web-4'].map(named);
    const watched = await lookedAt(1_000, { control });
    const all = [watched.node, ...control];
    for (const node of all) await report(watched, 0, 0, 2_000, node);
    for (const node of all) {
      await report(watched, 300, node.name === 'web-2' ? 300 : 0, 400, node);
    }
    await poll(watched);
    expect(await samples(watched)).toMatchObject([{ control: { n: 600, errors: 0 } }]);
  });

  it('is asked when most of them break: that is no accident of one', async () => {
    const control = ['web-2', 'web-3', 'web-4'].map(named);
    const watched = await lookedAt(1_000, { control });
    for (const node of control) await report(watched, 0, 0, 2_000, node);
    for (const node of control) {
      await report(watched, 300, node.name === 'web-2' ? 0 : 300, 400, node);
    }
    await poll(watched);
    expect(await samples(watched)).toMatchObject([{ control: { n: 900, errors: 600 } }]);
  });
});
