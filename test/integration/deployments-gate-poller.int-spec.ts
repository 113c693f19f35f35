import { jest } from '@jest/globals';
import { GatePoller } from '../../src/deployments/gates/gate-poller.js';
import { packEvidence, replay, unpackEvidence } from '../../src/deployments/gates/gate-evidence.js';
import type { GateSpec, GateState } from '../../src/deployments/gates/gate-spec.js';
import { gates } from '../../src/deployments/gates/gates.js';
import { samplesOf } from '../../src/deployments/gates/gates.store.js';
import { deploymentRun } from '../../src/deployments/runs/runs.store.js';
import { newId } from '../../src/kernel/ids.js';
import { Context } from '../../src/platform/context.js';
import { OpenTransaction } from '../../src/platform/database/open-transaction.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import { SqlRunStoreBench } from '../support/sql-run-store-bench.js';

interface Watched {
  readonly tenantId: string;
  readonly id: string;
  readonly nodeId: string;
  readonly spec: GateSpec;
}

const STEP = 'w1.stabilization';
const MINUTE_MS = 60_000;
const gate = gates.get('stabilization');
const params = gate.params.parse({
  pollIntervalMs: 1000,
  minWaitMs: 0,
  warmUpMs: 0,
  minRequests: 30,
  minChecks: 3,
  trendAfterMs: 60_000,
});
// Nothing ran here before: errors alone are judged, so that the speed of a test does not matter.
const baselines = { firstRelease: true, wave: null, earlier: null, control: null, first: null };

let bench: SqlRunStoreBench;
let poller: GatePoller;
beforeAll(async () => {
  bench = await SqlRunStoreBench.open();
  poller = new GatePoller(bench.db, new InProcessSignal());
});
afterEach(async () => {
  jest.restoreAllMocks();
  await bench.sql('update runs set wake_at = null, polls_gate = false');
});
afterAll(() => bench?.close());

/** A gate that has just begun, over one node. */
async function watch(change: { tenantId?: string; nodeId?: string } = {}): Promise<Watched> {
  const { tenantId, id } = await bench.add(change.tenantId);
  const nodeId = change.nodeId ?? newId();
  const node = { nodeId, name: `node-${nodeId.slice(-4)}` };
  const now = Date.now();
  const spec: GateSpec = {
    kind: gate.kind,
    version: gate.version,
    params,
    baselines,
    targetKind: 'agent',
    moduleId: MODULE,
    movedAt: now - 5 * MINUTE_MS,
    samplesBefore: 0,
    wave: [node],
    earlier: [],
    control: [],
    first: [node],
  };
  const state: GateState = {
    stepId: STEP,
    n: 0,
    readTo: now - 1_000,
    state: gate.start(baselines, params),
    watchedMs: 0,
    watchedSince: now - 5 * MINUTE_MS,
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
  const watched = { tenantId, id, nodeId, spec };
  await report(watched, 0, 0, now - 3_000);
  return watched;
}

const MODULE = newId();
const RELEASE = newId();

/** Running totals, as an agent reports them. */
async function report(to: Watched, requests: number, errors: number, at: number) {
  await bench.sql(
    `insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at, requests,
       errors, cpu_ms, memory_bytes, counters)
     values ($1, $2, $3, $4, 'a', to_timestamp($5::float8 / 1000), $6, $7, 0, 1000000, $8)`,
    [
      to.tenantId,
      to.nodeId,
      MODULE,
      RELEASE,
      at,
      requests,
      errors,
      JSON.stringify({ histogram: requests > 0 ? [[80, requests]] : [] }),
    ],
  );
}

interface Run {
  readonly gate: GateState;
  readonly pollsGate: boolean;
  readonly isDue: boolean;
}

async function runOf({ id }: Watched): Promise<Run> {
  const [row] = await bench.sql<Run>(
    `select gate, polls_gate as "pollsGate", wake_at <= clock_timestamp() as "isDue"
     from runs where id = $1`,
    [id],
  );
  return row!;
}

/**
 * One interval of each gate: its node reports, the gate is due, the poller folds. The report is as
 * old as reports may be on their way, and the interval begins at the one before, however fast the
 * test is.
 */
async function interval(round: number, watched: readonly (readonly [Watched, number])[]) {
  for (const [each, errorsPerPoll] of watched) {
    await bench.sql(
      `update runs set wake_at = clock_timestamp(), gate = jsonb_set(gate::jsonb, '{readTo}', to_jsonb((
         select extract(epoch from max(at)) * 1000 from node_metrics
         where tenant_id = $2 and node_id = $3)))
       where polls_gate and id = $1`,
      [each.id, each.tenantId, each.nodeId],
    );
    await report(each, round * 300, round * errorsPerPoll, Date.now() - 1_000);
  }
  return poller.poll();
}

const samples = ({ tenantId, id, spec }: Watched) =>
  bench.db.transaction(Context.system(tenantId, 'test'), (open) =>
    samplesOf(open, { deploymentId: id, stepId: STEP }, spec.samplesBefore),
  );

describe('the poller of gates', () => {
  it('folds the gates of two tenants in one batch, each from its own figures', async () => {
    // The same node id in both: nothing but the tenant tells their rows apart.
    const nodeId = newId();
    const good = await watch({ nodeId });
    const bad = await watch({ nodeId, tenantId: await bench.tenant() });
    expect(await interval(1, [[good, 0], [bad, 150]])).toEqual({ polled: 2, more: false }); // prettier-ignore
    expect((await samples(good)).map(({ wave }) => [wave.n, wave.errors])).toEqual([[300, 0]]);
    expect((await samples(bad)).map(({ wave }) => [wave.n, wave.errors])).toEqual([[300, 150]]);
    expect(await runOf(good)).toMatchObject({ pollsGate: true, gate: { n: 1 } });

    const isOpen = async () => (await runOf(good)).pollsGate || (await runOf(bad)).pollsGate;
    for (let round = 2; round < 40 && (await isOpen()); round += 1) {
      await interval(round, [[good, 0], [bad, 150]]); // prettier-ignore
    }
    const [ended, spoiled] = [await runOf(good), await runOf(bad)];
    expect(ended.gate.verdict).toBe('stable');
    expect(spoiled.gate.verdict).toBe('unstable');
    expect(spoiled.gate.reason).toContain('error');
    // The verdict wakes the run, and the poller leaves it alone from then on.
    for (const run of [ended, spoiled])
      expect(run).toMatchObject({ pollsGate: false, isDue: true });
    const claimed = (await bench.store.claimDue(newId(), 4_000, 10)).map(({ key }) => key.id);
    expect(claimed.sort()).toEqual([good.id, bad.id].sort());
  });

  it('stores what it folded, and the same samples give the same verdict again', async () => {
    const watched = await watch();
    for (let round = 1; round < 30 && (await runOf(watched)).pollsGate; round += 1) {
      await interval(round, [[watched, 60]]);
    }
    const { gate: state } = await runOf(watched);
    expect(state.verdict).toBe('unstable');
    const stored = await samples(watched);
    expect(stored).toHaveLength(state.n);
    const { kind, version } = watched.spec;
    const evidence = { kind, version, params, baselines, samples: stored };
    expect(replay(unpackEvidence(packEvidence(evidence)))).toBe(state.verdict);
    expect(replay({ ...evidence, samples: stored.slice(0, -1) })).toBe('waiting');
    const spotless = stored.map((sample) => ({ ...sample, wave: { ...sample.wave, errors: 0 } }));
    expect(replay({ ...evidence, samples: spotless })).not.toBe('unstable');
  });

  it('wakes the engine when a node has been silent for as long as makes it Lost', async () => {
    const watched = await watch();
    await bench.sql('delete from node_metrics where node_id = $1', [watched.nodeId]);
    expect(await poller.poll()).toEqual({ polled: 1, more: false });
    expect(await runOf(watched)).toMatchObject({
      pollsGate: false,
      isDue: true,
      gate: { verdict: 'waiting', silent: true },
    });
    const [sample] = await samples(watched);
    expect(sample).toMatchObject({ incomplete: true, silentNodes: [watched.spec.wave[0]!.name] });
  });

  it('leaves alone what is leased, asleep, or not at a gate', async () => {
    const [leased, asleep, acting] = [await watch(), await watch(), await watch()];
    await bench.store.lease(deploymentRun(leased.tenantId, leased.id), newId(), 60_000);
    await bench.sql(`update runs set wake_at = wake_at + interval '1 hour' where id = $1`, [
      asleep.id,
    ]);
    await bench.sql('update runs set polls_gate = false where id = $1', [acting.id]);
    expect(await poller.poll()).toEqual({ polled: 0, more: false });
    expect((await runOf(leased)).gate.n).toBe(0);
  });

  it('polls all the others when one cannot be polled, and says of that one why', async () => {
    const [before, broken, after] = [await watch(), await watch(), await watch()];
    await bench.sql(
      `update gate_specs set body = jsonb_set(body, '{kind}', '"of-tomorrow"') where deployment_id = $1`,
      [broken.id],
    );
    expect(await poller.poll()).toEqual({ polled: 3, more: false });
    for (const each of [before, after]) {
      expect(await runOf(each)).toMatchObject({ pollsGate: true, gate: { n: 1 } });
    }
    expect(await runOf(broken)).toMatchObject({
      pollsGate: false,
      isDue: true,
      gate: {
        verdict: 'inconclusive',
        reason: expect.stringMatching(/could not be polled: .*of-tomorrow/) as string,
      },
    });
    expect(await samples(broken)).toEqual([]);
  });

  it('keeps no state that nobody could look into', async () => {
    const { id } = await watch();
    const broken = bench.sql(`update runs set gate = '{"reason": "\\u0000"}' where id = $1`, [id]);
    await expect(broken).rejects.toMatchObject({ constraint: 'runs_gate_without_nul' });
  });

  it('gives a gate back to its step that has lost what it looks at', async () => {
    const [whole, withoutSpec, withoutState] = [await watch(), await watch(), await watch()];
    await bench.sql('delete from gate_specs where deployment_id = $1', [withoutSpec.id]);
    await bench.sql('update runs set gate = null where id = $1', [withoutState.id]);
    expect(await poller.poll()).toEqual({ polled: 1, more: false });
    expect(await runOf(whole)).toMatchObject({ pollsGate: true, gate: { n: 1 } });
    for (const each of [withoutSpec, withoutState]) {
      expect(await runOf(each)).toMatchObject({ pollsGate: false, isDue: true });
    }
  });

  it('folds each gate once when two workers poll at the same time', async () => {
    const watched = await Promise.all(Array.from({ length: 6 }, () => watch()));
    const polls = await Promise.all([poller.poll(), poller.poll(), poller.poll()]);
    expect(polls.reduce((sum, { polled }) => sum + polled, 0)).toBe(watched.length);
    for (const each of watched) expect(await samples(each)).toHaveLength(1);
  });

  it('needs as many statements for thirty gates as for one', async () => {
    const statements = async () => {
      // Every half a minute a poll begins with one statement more.
      await poller.lookAtClock();
      const query = jest.spyOn(OpenTransaction.prototype, 'query');
      const execute = jest.spyOn(OpenTransaction.prototype, 'execute');
      const { polled } = await poller.poll();
      const count = query.mock.calls.length + execute.mock.calls.length;
      jest.restoreAllMocks();
      return { polled, count };
    };
    await watch();
    const one = await statements();
    await bench.sql('update runs set polls_gate = false');
    for (let count = 0; count < 30; count += 1) await watch();
    const thirty = await statements();
    // Due, what they look at, the interval, five minutes (they are idle), samples, states.
    expect(one).toEqual({ polled: 1, count: 6 });
    expect(thirty).toEqual({ polled: 30, count: 6 });
  });

  it('takes few at once, and twice as many when they were not all', async () => {
    for (let count = 0; count < 90; count += 1) await watch();
    expect(await poller.poll()).toEqual({ polled: 40, more: true });
    expect(await poller.poll()).toEqual({ polled: 50, more: false });
  });
});
