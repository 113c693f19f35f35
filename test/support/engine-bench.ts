/** The real engine over the store in memory, with a clock that the test moves. Wants jest's fake timers. */
import { jest } from '@jest/globals';
import { Engine, type DuePoller } from '../../src/engine/engine.js';
import { LeaseKeeper } from '../../src/engine/lease-keeper.js';
import type { RunKey } from '../../src/engine/run.js';
import { EngineRig } from './engine-rig.js';
import type { FakeRunStore } from './fake-run-store.js';

const TICK_MS = 50;

export class EngineBench {
  readonly log = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  readonly metrics = { fenced: jest.fn(), polled: jest.fn(), poisoned: jest.fn() };
  readonly pollers: DuePoller[] = [];
  readonly store: FakeRunStore;
  readonly leases: LeaseKeeper;
  readonly engine: Engine;

  constructor(readonly rig = new EngineRig()) {
    const { log, metrics, pollers } = this;
    const { store, interpreter } = rig;
    this.store = store;
    this.leases = new LeaseKeeper(store, 'worker', store.clock, log);
    this.engine = new Engine({
      store,
      interpreter,
      leases: this.leases,
      pollers,
      clock: store.clock,
      log,
      metrics,
      kinds: rig.kinds,
    });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.store.clock.advance(TICK_MS);
      await jest.advanceTimersByTimeAsync(TICK_MS);
    }
  }

  async stop(): Promise<void> {
    const stopping = this.engine.stop(100);
    await this.pass(200);
    await stopping;
  }

  status(key: RunKey) {
    return this.store.run(key).status;
  }
}
