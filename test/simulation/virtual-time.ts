/**
 * The only clock and the only timers of a simulation. While it is installed, setTimeout and
 * setInterval of the code under test are events in virtual time, and each belongs to the process
 * that asked for it: a stopped process fires late, a crashed one never.
 */
import { setImmediate as nextTurn } from 'node:timers';
import type { ManualClock } from '../../src/kernel/clock.js';

/** What a timer belongs to. */
export interface TimerOwner {
  isDead: boolean;
  stoppedUntil: number;
}

interface Event {
  readonly at: number;
  readonly act: () => void;
  readonly owner: TimerOwner | undefined;
  isCancelled: boolean;
}

interface Handle {
  event?: Event;
  isCleared: boolean;
}

export class VirtualTime {
  /** Whose event this is. All that follows from it is over before the next one begins. */
  private owner: TimerOwner | undefined;
  private readonly events: Event[] = [];

  constructor(readonly clock: ManualClock) {}

  now(): number {
    return this.clock.now();
  }

  after(ms: number, act: () => void, owner?: TimerOwner): Event {
    return this.at(this.now() + ms, act, owner);
  }

  /** Never resolves for a process that died meanwhile. */
  sleep(ms: number, owner?: TimerOwner): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve, owner));
  }

  /** One event and all that follows from it at once. False: nothing is left to happen. */
  async step(): Promise<boolean> {
    const event = this.events.shift();
    if (!event) return false;
    if (event.isCancelled || event.owner?.isDead) return true;
    const late = event.owner?.stoppedUntil ?? 0;
    if (late > event.at) {
      this.at(late, event.act, event.owner);
      return true;
    }
    this.clock.advance(Math.max(0, event.at - this.now()));
    this.owner = event.owner;
    event.act();
    await new Promise<void>((resolve) => nextTurn(resolve));
    return true;
  }

  /** Returns what puts the real timers back. */
  install(): () => void {
    const real = { setTimeout, setInterval, clearTimeout, clearInterval };
    const set = (act: () => void, ms: number, repeats: boolean): Handle => {
      const handle: Handle = { isCleared: false };
      const { owner } = this;
      const arm = () => {
        handle.event = this.after(ms, fire, owner);
      };
      const fire = () => {
        if (handle.isCleared) return;
        act();
        if (repeats) arm();
      };
      arm();
      return handle;
    };
    const clear = (handle?: Handle) => {
      if (!handle) return;
      handle.isCleared = true;
      if (handle.event) handle.event.isCancelled = true;
    };
    Object.assign(globalThis, {
      setTimeout: (act: () => void, ms = 0) => set(act, ms, false),
      setInterval: (act: () => void, ms = 0) => set(act, ms, true),
      clearTimeout: clear,
      clearInterval: clear,
    });
    return () => void Object.assign(globalThis, real);
  }

  private at(at: number, act: () => void, owner?: TimerOwner): Event {
    const event: Event = { at, act, owner, isCancelled: false };
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.events[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    this.events.splice(low, 0, event);
    return event;
  }
}
