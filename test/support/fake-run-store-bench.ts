import type { Plan } from '../../src/engine/plan.js';
import type { RunStoreBench } from './conformance/run-store-check.js';
import { FakeRunStore } from './fake-run-store.js';
import { ManualClock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';

export const onePlan: Plan = {
  role: 'forward',
  steps: [
    {
      id: 'c',
      kind: 'check',
      effects: ['check'],
      wave: 0,
      title: 'Check',
      deadlineMs: 60_000,
      params: {},
    },
  ],
};

/** The conformance suite's hands on a store in memory. */
export function fakeRunStoreBench(options = { fencing: true }): RunStoreBench {
  const store = new FakeRunStore(new ManualClock(Date.now()), options);
  return {
    store,
    kind: 'deployment',
    tenant: async () => newId(),
    add: async (tenantId) => store.add(onePlan, tenantId),
    poke: async (key) => store.poke(key),
    ask: async (key, verb) => store.ask(key, verb),
    expire: async (key) => void (store.run(key).leaseUntil = store.clock.now() - 1),
    dueSince: async (key, seconds) =>
      void (store.run(key).wakeAt = store.clock.now() - seconds * 1000),
    journal: async (key) => [...store.run(key).entries],
    state: async (key) => {
      const { status, wakeAt, leaseUntil } = store.run(key);
      return { status, isAwake: wakeAt !== null, isLeased: leaseUntil !== null };
    },
  };
}
