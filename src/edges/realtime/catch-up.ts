import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  headsOf,
  lastEntriesOf,
  presentHeads,
  type Head,
  type PresentHeads,
} from '../../deployments/deployments.queries.js';
import { activeStatuses } from '../../deployments/deployment.states.js';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import type { OpenContext } from '../../platform/context.js';
import type { Logger } from '../../platform/logging/logger.js';
import type { SnapshotLine } from './hub-messages.js';
import { liveLimits } from './live-limits.js';
import type { Newcomer } from './newcomer.js';
import { resume } from './resumption.js';
import { retell } from './retell.js';
import type { Subscriber } from './subscriber.js';

export interface CatchUpPorts {
  readonly read: <T>(work: (open: OpenContext) => Promise<T>) => Promise<T>;
  readonly prepare: (open: OpenContext, ids: readonly string[]) => Promise<void>;
  readonly mayRead: (subscriber: Subscriber, id: string) => boolean;
  /** What ended after this is known to the feed, and told to whoever follows all by itself. */
  readonly recentOf: (now: number) => number;
  /** Makes it one of the followers, where it stands. Nothing may happen in between. */
  readonly join: (newcomer: Newcomer, present: PresentHeads, askedAt: number) => void;
  /** After some have joined: what began meanwhile is looked for. */
  readonly joined: () => void;
  /** It has chosen this one, and hears of it already. */
  readonly isTold: (subscriber: Subscriber, id: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A few more than are told: then it is known that they are not all. */
const MOST = liveLimits.endedMeanwhile + 1;
/** Deployments that are asked for by name in one question. */
const NAMED_AT_ONCE = 20_000;
/** Newcomers of a thousand deployments each that are placed before others get their turn. */
const IN_A_TURN = 20;

/**
 * Those who begin to follow all deployments: what they have missed is read once for all who come at the same
 * time, as after a restart, and told to the end before anything new. Then they join the others.
 */
export class CatchUp {
  private waiting: Newcomer[] = [];
  private running = false;

  constructor(private readonly ports: CatchUpPorts) {}

  add(newcomer: Newcomer): void {
    this.waiting.push(newcomer);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      const all = this.next();
      try {
        await this.lead(all);
      } catch (error) {
        for (const newcomer of all) this.failed(newcomer, error);
        this.ports.logger.warn({ error: messageOf(error) }, 'the live feed could not catch up');
      }
    }
    this.running = false;
  }

  /** All who wait, unless they name too many deployments for one question. */
  private next(): Newcomer[] {
    const named = new Set<string>();
    const fits = ({ places }: Newcomer) => {
      for (const id of places.keys()) named.add(id);
      return named.size <= NAMED_AT_ONCE;
    };
    const end = this.waiting.findIndex((newcomer) => !fits(newcomer));
    return this.waiting.splice(0, end < 0 ? this.waiting.length : Math.max(1, end));
  }

  /** Whoever has been told that it follows is cut, and comes back. */
  private failed(newcomer: Newcomer, error: unknown): void {
    if (newcomer.isGone) return;
    newcomer.subscriber.catchingUp = null;
    if (newcomer.isAnswered) newcomer.subscriber.outlet.cut('behind');
    else newcomer.refuse(error);
  }

  private async lead(all: readonly Newcomer[]): Promise<void> {
    const askedAt = this.ports.clock.monotonic();
    const { present, others, lastAt } = await this.ports.read((open) => this.readHeads(open, all));
    const ended = present.heads.filter(({ endedAt }) => endedAt !== null);
    const endedBefore =
      ended.length < MOST ? null : Math.min(...ended.map(({ endedAt }) => endedAt!));
    const found = { now: present.now, lastAt, endedBefore };
    for (const [at, newcomer] of all.entries()) {
      const own = [...newcomer.places.keys()].flatMap((id) => others.get(id) ?? []);
      const heads = [...present.heads, ...own].filter(({ id }) =>
        this.ports.mayRead(newcomer.subscriber, id),
      );
      this.place(newcomer, { ...found, heads });
      if (at % IN_A_TURN === 0) await nextTurn();
    }
    // What they are told comes after the acknowledgements, which are on their way.
    await nextTurn();
    const ready = await retell(this.ports.read, all, (late) => this.add(late));
    for (const newcomer of ready) {
      if (!newcomer.isGone) this.ports.join(newcomer, present, askedAt);
    }
    this.ports.joined();
  }

  /** Says where it stands, and notes what it has to be told. */
  private place(newcomer: Newcomer, found: Parameters<typeof resume>[1]): void {
    const { places, resumption, since } = newcomer;
    const told = resume({ since, seen: places }, found);
    for (const { id, sequence } of found.heads) places.set(id, sequence);
    newcomer.missing.clear();
    for (const { id, after, sequence } of [...told.active, ...told.ended]) {
      if (after === sequence || this.ports.isTold(newcomer.subscriber, id)) continue;
      newcomer.missing.set(id, { after, upTo: sequence });
    }
    if (newcomer.isAnswered) return;
    newcomer.isAnswered = true;
    newcomer.since = Date.parse(told.since);
    if (resumption) newcomer.subscriber.toldUpTo = newcomer.since;
    newcomer.answer(resumption ? told : snapshotOf(found.heads));
  }

  private async readHeads(open: OpenContext, all: readonly Newcomer[]) {
    const { recentOf } = this.ports;
    const oldest = (now: number) => {
      const sinces = all.flatMap(({ since }) => since ?? []);
      const asked = Math.min(...sinces, now - liveLimits.commitMs);
      return Math.min(recentOf(now), Math.max(asked, now - liveLimits.sinceMs));
    };
    const present = await presentHeads(open, oldest, MOST);
    const known = new Set(present.heads.map(({ id }) => id));
    const named = new Set(all.flatMap(({ places }) => [...places.keys()]));
    const others = await headsOf(
      open,
      [...named].filter((id) => !known.has(id)),
    );
    await this.ports.prepare(open, [...known, ...others.map(({ id }) => id)]);
    const ended = present.heads.filter(({ endedAt }) => endedAt !== null).map(({ id }) => id);
    return { present, others: byId(others), lastAt: await lastEntriesOf(open, ended) };
  }
}

function byId(heads: readonly Head[]): ReadonlyMap<string, Head> {
  return new Map(heads.map((head) => [head.id, head]));
}

function snapshotOf(heads: readonly Head[]): SnapshotLine[] {
  return heads
    .filter(({ status }) => activeStatuses.includes(status))
    .map(({ id, status, sequence }) => ({ id, status, sequence }))
    .reverse();
}
