/**
 * Folds every due gate of all tenants in one batch: one statement finds them, one reads their
 * samples, one stores the samples, one writes the states. No lease, no action, no queue. A verdict
 * wakes the run, and the gate's step acts on it. Several workers share the gates by skipping what
 * another has locked.
 */
import { Injectable } from '@nestjs/common';
import { metricSources } from '../../drivers/metric-sources/metric-sources.js';
import type { IntervalRequest, NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import type { DuePoller } from '../../engine/engine.js';
import { messageOf } from '../../kernel/errors.js';
import { printable } from '../../kernel/text.js';
import { Database } from '../../platform/database/database.js';
import type { Transaction } from '../../platform/database/transaction.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import {
  giveBack,
  giveUp,
  storeSamples,
  storeStates,
  takeDue,
  wakeFarAhead,
  type DueGate,
  type Folded,
  type Wanted,
} from '../runs/gate-polls.store.js';
import { gateOf, gates } from './gates.js';
import { intervalRequests, recentRequests, sampleOf, type PollOf } from './gate-sample.js';
import { GateSpecCache } from './gate-spec-cache.js';
import type { GateState } from './gate-spec.js';
import { nextPoll } from './watch.js';

/**
 * Folding holds the processor, and actions of the same process feel it: few at once, and more only
 * when there are more than can be done in small batches.
 */
const LEAST_AT_ONCE = 40;
const MOST_AT_ONCE = 200;
/**
 * A sample's time is when the agent took it, which is a little before it is stored. Reading up to
 * this very moment would pass over samples that are still on their way, and never come back to them.
 */
const ON_THEIR_WAY_MS = 300;

const REASON_CHARACTERS = 500;

/** How often it is looked whether gates sleep where no poll can be: clocks are hardly ever set back. */
const CLOCK_LOOK_MS = 30_000;

type Intervals = ReadonlyMap<string, readonly NodeInterval[]>;

interface Polled {
  readonly polled: number;
  /** With those that had nothing to look at. */
  readonly taken: number;
}

@Injectable()
export class GatePoller implements DuePoller {
  readonly name = 'gates';
  private readonly specs = new GateSpecCache();
  private atOnce = LEAST_AT_ONCE;
  private clockLookedAt = performance.now();

  constructor(
    private readonly database: Database,
    private readonly signal: Signal,
  ) {}

  async poll(): Promise<{ polled: number; more: boolean }> {
    if (performance.now() - this.clockLookedAt > CLOCK_LOOK_MS) await this.lookAtClock();
    const { atOnce } = this;
    const { polled, taken } = await this.batch(atOnce);
    const more = taken === atOnce;
    this.atOnce = more ? Math.min(MOST_AT_ONCE, atOnce * 2) : LEAST_AT_ONCE;
    return { polled, more };
  }

  /** After the database's clock was set back, gates go on by what it says now. */
  async lookAtClock(): Promise<void> {
    this.clockLookedAt = performance.now();
    await this.database.system(wakeFarAhead);
  }

  /** A gate that cannot be polled keeps no other from it: they are polled one by one then. */
  private async batch(limit: number): Promise<Polled> {
    let due: readonly DueGate[] = [];
    try {
      return await this.together({ limit }, (taken) => (due = taken));
    } catch (error) {
      if (due.length === 0 || isAway(error)) throw error;
      for (const gate of due) await this.alone(gate);
      return { polled: due.length, taken: due.length };
    }
  }

  private async alone(gate: DueGate): Promise<void> {
    try {
      await this.together({ limit: 1, id: gate.id });
    } catch (error) {
      if (isAway(error)) throw error;
      const message = printable(messageOf(error)).slice(0, REASON_CHARACTERS);
      const reason = `the gate could not be polled: ${message}`;
      await this.database.system((tx) => giveUp(tx, gate, reason));
      this.signal.publish(Topic.Gate, gate.id);
    }
  }

  private together(wanted: Wanted, onTaken?: (due: readonly DueGate[]) => void): Promise<Polled> {
    return this.database.system(async (tx) => {
      const { due: all, taken } = await takeDue(tx, this.specs, wanted);
      const due = all.filter((gate) => !isOfOtherVersion(gate));
      await giveBack(tx, all.filter(isOfOtherVersion));
      onTaken?.(due);
      if (due.length === 0) return { polled: 0, taken };
      const intervals = await readAll(tx, due, intervalRequests);
      const recent = await readAll(tx, due, (poll) => recentRequests(poll, intervals));
      const folded = due.map((gate) => fold(gate, intervals, recent));
      await storeSamples(tx, folded);
      await storeStates(tx, folded);
      tx.afterCommit(() => {
        for (const { due: gate } of folded) this.signal.publish(Topic.Gate, gate.id);
      });
      return { polled: due.length, taken };
    });
  }
}

/** Begun by a program before or after this one: what it has folded so far means something else there. */
function isOfOtherVersion({ spec: { kind, version } }: DueGate): boolean {
  return gates.has(kind) && gates.get(kind).version !== version;
}

/** Of the database, not of a gate. */
function isAway(error: unknown): boolean {
  return (error as { kind?: unknown }).kind === 'unavailable';
}

async function readAll(
  tx: Transaction,
  due: readonly DueGate[],
  requestsOf: (poll: PollOf) => IntervalRequest[],
): Promise<Intervals> {
  const byKind = new Map<string, IntervalRequest[]>();
  for (const gate of due) {
    const { targetKind } = gate.spec;
    const own = byKind.get(targetKind) ?? [];
    byKind.set(targetKind, own);
    own.push(...requestsOf(pollOf(gate)));
  }
  const all = new Map<string, NodeInterval[]>();
  for (const [kind, requests] of byKind) {
    const answers = await metricSources.get(kind).readIntervals(tx, requests);
    for (const [key, intervals] of answers) all.set(key, intervals);
  }
  return all;
}

function pollOf({ tenantId, id, spec, gate, now }: DueGate): PollOf {
  const watched = nextPoll(gate, now - ON_THEIR_WAY_MS, Number(spec.params.pollIntervalMs));
  const poll = { tenantId, id, spec, ...watched };
  if (!gateOf(spec).awaitsNodes) return poll;
  return { ...poll, usageFromMs: Math.min(watched.fromMs, gate.usageReadTo ?? watched.fromMs) };
}

function fold(due: DueGate, intervals: Intervals, recent: Intervals): Folded {
  const { gate, spec } = due;
  const poll = pollOf(due);
  const { sample, lost } = sampleOf(poll, intervals, recent);
  const kind = gateOf(spec);
  const result = kind.fold(gate.state, sample, spec.baselines, spec.params);
  const isOver = result.verdict !== 'waiting' || lost.length > 0;
  const next: GateState = {
    stepId: gate.stepId,
    n: gate.n + 1,
    readTo: poll.toMs,
    ...(sample.awaitedNodes ? { usageReadTo: poll.usageFromMs } : {}),
    watchedMs: poll.watchedMs,
    watchedSince: poll.watchedSince,
    state: result.state,
    verdict: result.verdict,
    reason: result.reason,
    reading: result.reading,
    ...(result.needsPerson ? { needsPerson: true } : {}),
    ...(lost.length > 0 ? { silent: true } : {}),
  };
  return { due, next, sample, wakeAt: isOver ? null : nextPollAt(due) };
}

/** One interval after it was due, not after it was polled: what came late once is not late for ever. */
function nextPollAt({ spec, dueAt, now }: DueGate): number {
  const intervalMs = Number(spec.params.pollIntervalMs);
  const next = dueAt + intervalMs;
  return next > now ? next : now + intervalMs;
}
