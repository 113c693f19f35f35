import { jest } from '@jest/globals';
import { EngineBench } from '../../test/support/engine-bench.js';
import { EngineRig, planOf } from '../../test/support/engine-rig.js';
import { LongSteps } from './long-steps.js';

let letGo: () => void;
let standing: Promise<void>;
beforeEach(() => {
  jest.useFakeTimers();
  standing = new Promise((resolve) => (letGo = resolve));
});
afterEach(() => {
  jest.useRealTimers();
});

describe('long steps', () => {
  it('leave room for what is due, and are not all begun', async () => {
    const rig = new EngineRig(undefined, { budget: 'step', onlyLooks: true });
    rig.script = { preflight: () => standing.then(() => ({ outcome: 'done' })) };
    const bench = new EngineBench(rig);
    const long = Array.from({ length: 60 }, () => bench.store.add(planOf()));
    bench.engine.start();
    await bench.pass(2_000);
    expect(rig.interpreter.longSteps.count).toBe(32);
    const waiting = long.map((key) => bench.store.run(key)).filter(({ owner }) => owner === null);
    expect(waiting).toHaveLength(28);
    for (const { waitingOn, entries } of waiting) {
      expect(waitingOn?.detail).toMatch(/busy with 16 or more long checks/);
      // Its time has not begun.
      expect(entries.map(({ stepId }) => stepId)).not.toContain('preflight');
    }
    const short = bench.store.add({ role: 'forward', steps: planOf().steps.slice(1) });
    await bench.pass(500);
    expect(bench.status(short)).toBe('Succeeded');
    letGo();
    await bench.pass(20_000);
    expect(new Set(long.map((key) => bench.status(key)))).toEqual(new Set(['Succeeded']));
    expect(rig.interpreter.longSteps.count).toBe(0);
    await bench.stop();
  });

  it('of one tenant leave a place for another', async () => {
    const steps = new LongSteps();
    const many = Array.from({ length: 16 }, () => steps.run('many', () => standing));
    await jest.advanceTimersByTimeAsync(1_000);
    const begun = jest.fn(() => standing);
    expect(await steps.run('many', begun)).toBe('busy');
    expect(begun).not.toHaveBeenCalled();
    const other = steps.run('other', begun);
    expect(begun).toHaveBeenCalledTimes(1);
    letGo();
    expect(await Promise.all([...many, other])).not.toContain('busy');
    expect(await steps.run('many', () => Promise.resolve(1))).toBe(1);
  });

  it('that fail give their place back', async () => {
    const steps = new LongSteps();
    const failing = steps.run('one', () => standing.then(() => Promise.reject(new Error('no'))));
    const failed = expect(failing).rejects.toThrow('no');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(steps.count).toBe(1);
    letGo();
    await failed;
    expect(steps.count).toBe(0);
  });

  it('that are short are not counted', async () => {
    const steps = new LongSteps();
    const short = steps.run('one', () => standing);
    await jest.advanceTimersByTimeAsync(900);
    letGo();
    await short;
    await jest.advanceTimersByTimeAsync(900);
    expect(steps.count).toBe(0);
  });
});
