/**
 * How long a gate has watched. Its limits are no appointments: while no worker was there, or when the
 * clock has jumped, nobody watched, and nothing may be decided by time that has passed all the same.
 */
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import { limits } from '../../kernel/limits.js';
import type { GateState } from './gate-spec.js';

const GAP_POLLS = 2;
/** However often it is polled: agents report every 5 s, and may miss one or two. */
const GAP_MS = 15_000;

/** A poll may be late by one interval; what it is later than that, nobody has watched. */
const POLLS_THAT_COUNT = 2;

/** Longer than this without a look, or without a word of a node, is a gap. */
export function gapMs(pollIntervalMs: number): number {
  return Math.max(GAP_POLLS * pollIntervalMs, GAP_MS);
}

export interface WatchedPoll {
  readonly fromMs: number;
  readonly toMs: number;
  /** With this poll. */
  readonly watchedMs: number;
  /** Since when without a gap. */
  readonly watchedSince: number;
  /** Nobody has looked since the poll before. */
  readonly isGap: boolean;
}

/** The next poll of a gate, `toMs` being the time until which there are figures. */
export function nextPoll(
  { readTo, watchedMs, watchedSince }: Pick<GateState, 'readTo' | 'watchedMs' | 'watchedSince'>,
  toMs: number,
  pollIntervalMs: number,
): WatchedPoll {
  const passed = toMs - readTo;
  // A clock that was set back: what it says now is what the nodes' figures are stored with.
  const isBack = passed < -gapMs(pollIntervalMs);
  const fromMs = isBack ? toMs : readTo;
  const counted = Math.min(Math.max(0, passed), POLLS_THAT_COUNT * pollIntervalMs);
  const isGap = isBack || passed > gapMs(pollIntervalMs);
  return {
    fromMs,
    toMs: Math.max(fromMs, toMs),
    watchedMs: watchedMs + counted,
    watchedSince: isGap ? toMs : watchedSince,
    isGap,
  };
}

/** Nobody looked since the poll before, or what a node says now covers more than that. */
export function coversGap(
  { isGap }: Pick<WatchedPoll, 'isGap'>,
  intervals: readonly NodeInterval[],
  pollIntervalMs: number,
): boolean {
  const longest = gapMs(pollIntervalMs);
  return isGap || intervals.some(({ sinceMs, lastSampleAt }) => lastSampleAt - sinceMs > longest);
}

/** Silence proves nothing while nobody has listened for as long as it takes to be lost. */
export function hasListened(
  { readTo, watchedSince }: Pick<GateState, 'readTo' | 'watchedSince'>,
  now: number,
  pollIntervalMs: number,
): boolean {
  return now - readTo <= gapMs(pollIntervalMs) && now - watchedSince > limits.nodeLostMs;
}
