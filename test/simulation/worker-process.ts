/** One worker: the real engine, interpreter and leases, on a process that crashes and stands still. */
import { Engine, type DuePoller } from '../../src/engine/engine.js';
import { LeaseKeeper, type EngineLog } from '../../src/engine/lease-keeper.js';
import { Interpreter, type InterpreterPorts } from '../../src/engine/interpreter.js';
import type { RunKey } from '../../src/engine/run.js';
import type { Clock } from '../../src/kernel/clock.js';
import { DomainError } from '../../src/kernel/errors.js';
import type { Dice } from './dice.js';
import { ProcessStore, type Passage, type SimulatedStore } from './simulated-store.js';
import type { Trace } from './violation.js';
import type { TimerOwner, VirtualTime } from './virtual-time.js';

export interface WorkerWorld {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly trace: Trace;
  readonly store: SimulatedStore;
  readonly isCalm: () => boolean;
  readonly calmFrom: number;
  readonly dueLoop: boolean;
  readonly kinds: InterpreterPorts['kinds'];
  readonly poller: DuePoller;
  onDeath(): void;
}

export class WorkerProcess implements TimerOwner, Passage {
  isDead = false;
  stoppedUntil = 0;
  readonly claims: boolean;
  private readonly engine: Engine;

  constructor(
    private readonly world: WorkerWorld,
    readonly name: string,
  ) {
    const { time, dice, trace } = world;
    this.claims = world.dueLoop;
    const store = new ProcessStore(world.store, this);
    const skewMs = dice.between(-600_000, 600_000);
    const startedMs = dice.between(0, 1_000_000);
    const clock: Clock = {
      now: () => time.now() + skewMs,
      monotonic: () => time.now() - startedMs,
    };
    const tell = (fields: object, message: string) =>
      trace.say(`${name} ${message} ${JSON.stringify(fields).slice(0, 200)}`);
    const log: EngineLog = { info: tell, warn: tell, error: tell };
    this.engine = new Engine({
      store,
      clock,
      log,
      interpreter: new Interpreter({ store, kinds: world.kinds }),
      leases: new LeaseKeeper(store, name, clock, log),
      pollers: world.dueLoop ? [world.poller] : [],
      kinds: world.kinds,
      metrics: {
        fenced: () => trace.say(`${name} was fenced`),
        poisoned: () => trace.say(`${name} stopped a run for a person`),
        polled: () => undefined,
      },
    });
  }

  start(): void {
    this.world.time.after(0, () => this.engine.start(), this);
  }

  hint(key: RunKey, delayMs: number): void {
    this.world.time.after(delayMs, () => void this.engine.look(key), this);
  }

  crash(why: string): void {
    if (this.isDead) return;
    this.isDead = true;
    this.world.trace.say(`${this.name} crashes ${why}`);
    this.world.onDeath();
  }

  /** SIGSTOP, a long collection, a frozen machine: everything of this process goes on later. */
  stop(ms: number): void {
    const { time, calmFrom } = this.world;
    this.stoppedUntil = Math.min(time.now() + ms, calmFrom);
    this.world.trace.say(`${this.name} stands still for ${ms} ms`);
  }

  async pass(when: 'before' | 'after'): Promise<void> {
    const { dice, time, isCalm } = this.world;
    if (!isCalm()) {
      const fate = dice.roll();
      if (fate < 0.003) this.crash(`${when} a call`);
      else if (fate < 0.008) this.stop(dice.between(1_000, 14_000));
      else if (fate < 0.015) {
        throw new DomainError('unavailable', 'database-away', `the connection broke ${when} it`);
      } else if (fate < 0.15) await time.sleep(dice.between(1, 400), this);
    }
    if (this.isDead) await new Promise<never>(() => undefined);
    const { stoppedUntil } = this;
    if (stoppedUntil > time.now()) await time.sleep(stoppedUntil - time.now(), this);
  }
}
