import { jest } from '@jest/globals';
import { EngineBench } from '../../test/support/engine-bench.js';
import { planOf, waitUntil } from '../../test/support/engine-rig.js';
import { limits } from '../kernel/limits.js';
import { LEASE_MS } from './lease-keeper.js';
import { failureDelayMs } from './poison.js';
import type { RunKey } from './run.js';

class Bench extends EngineBench {
  readonly key = this.store.add(planOf(1));
  readonly run = this.store.run(this.key);
  private readonly load = this.store.load.bind(this.store);

  async look(times = 1): Promise<void> {
    for (let count = 0; count < times; count += 1) await this.engine.look(this.key);
  }

  /** Until the run waits for the end of its first gate. */
  async atGate(): Promise<void> {
    this.rig.script = { 'w1.gate': ({ now }) => waitUntil(now + 1_000) };
    await this.look();
    expect(this.run).toMatchObject({ status: 'Running', failures: 0 });
  }

  breakPlan(message = 'Unexpected token in JSON'): void {
    this.store.load = () => Promise.reject(new SyntaxError(message));
  }

  repairPlan(): void {
    this.store.load = this.load;
  }
}

const N = limits.runFailures;
let bench: Bench;
beforeEach(() => (bench = new Bench()));

describe('a run on which every action fails', () => {
  it('is tried again ever later, and says why', async () => {
    expect([1, 2, 3, 7, 50].map(failureDelayMs)).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
    bench.breakPlan();
    await bench.look(3);
    const now = bench.store.clock.now();
    expect(bench.run).toMatchObject({ failures: 3, wakeAt: now + 4_000, owner: null });
    expect(bench.run.waitingOn).toMatchObject({
      kind: 'retry',
      since: now,
      until: now + 4_000,
      detail: expect.stringContaining('Unexpected token') as string,
    });
  });

  it('stops for a person after so many times in a row, with the reason, and goes on when told', async () => {
    await bench.atGate();
    bench.breakPlan();
    await bench.look(N - 1);
    expect(bench.run.status).toBe('Running');
    await bench.look();
    const reason = `the engine failed ${N} times in a row to act on this deployment: Unexpected token in JSON`;
    expect(bench.run).toMatchObject({ status: 'Paused', reason, failures: 0, owner: null });
    const now = bench.store.clock.now();
    expect(bench.run.waitingOn).toMatchObject({
      kind: 'attention',
      verb: 'resume',
      detail: reason,
    });
    expect(bench.run.wakeAt).toBe(now + limits.pauseMs);
    expect(bench.metrics.poisoned).toHaveBeenCalledTimes(1);
    bench.repairPlan();
    bench.rig.script = {};
    bench.store.ask(bench.key, 'resume');
    await bench.look();
    expect(bench.run.status).toBe('Succeeded');
  });

  it('ends as Failed before it has begun, and gives back what it holds', async () => {
    bench.breakPlan();
    await bench.look(N);
    expect(bench.run).toMatchObject({ status: 'Failed', wakeAt: null });
    expect(bench.rig.finished).toEqual(['Failed']);
  });

  it('ends as RollbackFailed on the way back', async () => {
    await bench.atGate();
    bench.rig.script = {
      'w1.gate': () => ({ outcome: 'unstable', reason: 'errors rose' }),
      'u1.converge': ({ now }) => waitUntil(now + 1_000),
    };
    await bench.look();
    expect(bench.run.status).toBe('RollingBack');
    bench.breakPlan();
    await bench.look(N);
    expect(bench.run).toMatchObject({ status: 'RollbackFailed', wakeAt: null });
    expect(bench.rig.finished).toEqual(['RollbackFailed']);
  });

  it('stops where the way back cannot be planned', async () => {
    await bench.atGate();
    bench.rig.script = { 'w1.gate': () => ({ outcome: 'unstable', reason: 'errors rose' }) };
    bench.rig.planUndo = () => {
      throw new TypeError('moves is not iterable');
    };
    await bench.look(N);
    expect(bench.run).toMatchObject({
      status: 'Paused',
      reason: expect.stringContaining('moves is not iterable') as string,
    });
  });

  it('forgets its errors when an action succeeds', async () => {
    await bench.atGate();
    for (let round = 0; round < 3; round += 1) {
      bench.breakPlan();
      await bench.look(N - 1);
      bench.repairPlan();
      await bench.look();
    }
    expect(bench.run).toMatchObject({ status: 'Running', failures: 0 });
    expect(bench.metrics.poisoned).not.toHaveBeenCalled();
  });
});

describe('a run that kills its workers', () => {
  async function die(key: RunKey, times: number): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      expect(await bench.store.lease(key, `dead-${count}`, LEASE_MS)).not.toBeNull();
      bench.store.clock.advance(LEASE_MS + 1);
    }
  }

  it('is stopped before the next one dies of it', async () => {
    await bench.atGate();
    const gate = jest.fn(() => waitUntil(0));
    bench.rig.script = { 'w1.gate': gate };
    await die(bench.key, N);
    await bench.look();
    expect(gate).not.toHaveBeenCalled();
    expect(bench.run).toMatchObject({
      status: 'Paused',
      reason: expect.stringContaining('ended before they could give it back') as string,
    });
  });

  it('goes on when it was only bad luck', async () => {
    await die(bench.key, N - 1);
    await bench.look();
    expect(bench.run.status).toBe('Succeeded');
  });
});

describe('stopping a run', () => {
  it('needs nothing of what ending it needs', async () => {
    bench.breakPlan();
    bench.rig.onFinish = () => Promise.reject(new Error('its spec cannot be read'));
    await bench.look(N);
    expect(bench.run).toMatchObject({ status: 'Failed', wakeAt: null });
  });

  it('that fails itself is tried again later, and is never silent', async () => {
    await bench.atGate();
    bench.breakPlan();
    bench.store.commit = () => Promise.reject(new Error('duplicate key'));
    await bench.look(N);
    const now = bench.store.clock.now();
    expect(bench.run).toMatchObject({ status: 'Running', owner: null, wakeAt: now + 600_000 });
    expect(bench.run.waitingOn).toMatchObject({ kind: 'attention' });
    const said = bench.log.error.mock.calls.map(([, message]) => message);
    expect(said).toContain('a run could not be stopped at all');
  });

  it('by who has lost the lease changes nothing', async () => {
    await bench.atGate();
    bench.breakPlan();
    await bench.look(N - 1);
    const broken = bench.store.load.bind(bench.store);
    bench.store.load = async (lease) => {
      bench.store.clock.advance(LEASE_MS + 1);
      await bench.store.lease(bench.key, 'other', LEASE_MS);
      return broken(lease);
    };
    await bench.look();
    expect(bench.run).toMatchObject({ status: 'Running', owner: 'other' });
  });
});
