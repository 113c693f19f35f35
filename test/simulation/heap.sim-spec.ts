/**
 * "Unbounded static state" is how servers of this kind die after weeks: a map of what was once in
 * flight. Ten thousand deployments go through one engine, and nothing of them may stay behind.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, jest } from '@jest/globals';
import { Engine } from '../../src/engine/engine.js';
import { LeaseKeeper } from '../../src/engine/lease-keeper.js';
import { EngineRig, planOf } from '../support/engine-rig.js';

jest.setTimeout(180_000);

const BATCH = 100;
const MIB = 1024 ** 2;
/** Noise of the test runner itself; ten thousand forgotten promises alone would be more. */
const GROWTH_MIB = 4;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMiB(): number {
  // Twice: what a finalizer lets go is only free after the next one.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / MIB;
}

it('the heap is flat over ten thousand deployments', async () => {
  const rig = new EngineRig();
  const { store, interpreter, kinds } = rig;
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const metrics = { fenced: () => {}, polled: () => {}, poisoned: () => {} };
  const leases = new LeaseKeeper(store, 'worker', store.clock, log);
  const engine = new Engine({
    store,
    interpreter,
    leases,
    log,
    metrics,
    kinds,
    pollers: [],
    clock: store.clock,
  });

  const deploy = async (count: number) => {
    for (let done = 0; done < count; done += BATCH) {
      const keys = Array.from({ length: BATCH }, () => store.add(planOf(3)));
      await Promise.all(keys.map((key) => engine.look(key)));
      expect(keys.map((key) => store.run(key).status)).toEqual(keys.map(() => 'Succeeded'));
      // The store and the rig are the database and the test: they forget what is over.
      store.runs.clear();
      store.effects.length = 0;
      rig.outside.length = 0;
      rig.finished.length = 0;
    }
    return heapMiB();
  };

  const before = await deploy(1_000);
  const after = await deploy(9_000);
  expect(leases.count).toBe(0);
  expect(after - before).toBeLessThan(GROWTH_MIB);
});
