/**
 * The yardstick: the same nodes before the move. A block is as many polls as `minRequests` requests
 * need, so that a quiet service is compared over longer stretches instead of with noise.
 */
import type { GateBaseline, GateGroup } from '../gate.js';
import { observe } from './observation.js';
import { quantileMs } from './quantiles.js';
import type { StabilizationParams } from './stabilization-params.js';
import { mean, median, standardDeviation } from './statistics.js';
import { addPoll, countsOf, cpuOf, EMPTY_TOTALS, type Totals } from './totals.js';

/** Older than an hour is another time of day. */
export const BASELINE_REACH_MS = 60 * 60 * 1000;

/** A median of fewer blocks is a single value with a grand name. */
const BLOCKS_MIN = 5;

/** Errors come from the better blocks only: one bad minute before the move must not excuse many after. */
const ERROR_SHARE = 0.6;

interface Block {
  readonly totals: Totals;
  readonly polls: number;
  readonly mem: readonly number[];
}

/** `baselineMs` back, further (to one hour) until there are 5 blocks; else null: no baseline. */
export function baselineOf(
  polls: readonly GateGroup[],
  params: StabilizationParams,
): GateBaseline | null {
  const blocks = blocksOf(polls, params);
  if (blocks.length < BLOCKS_MIN) return null;
  const cpus = blocks.map((block) => cpuOf(block.totals)).filter(Number.isFinite);
  const baseline: GateBaseline = {
    err: pooledErrors(blocks),
    p95: median(p95s(blocks)),
    cpu: median(cpus),
    mem: median(blocks.map((block) => mean(block.mem)).filter(Number.isFinite)),
    cpuSd: standardDeviation(cpus),
    requestsPerPoll: median(blocks.map((block) => block.totals.n / block.polls)),
    blocks: blocks.length,
  };
  // A measure nobody reported cannot be judged later; then this is no baseline, and says so now.
  return Object.values(baseline).every(Number.isFinite) ? baseline : null;
}

function p95s(blocks: readonly Block[]): number[] {
  return blocks
    .map((block) => quantileMs(countsOf(block.totals), 0.95))
    .filter((value) => Number.isFinite(value));
}

/** Newest first: the polls just before the move matter most, and a half-full block falls off the far end. */
function blocksOf(polls: readonly GateGroup[], params: StabilizationParams): Block[] {
  const usual = Math.ceil(params.baselineMs / params.pollIntervalMs);
  const furthest = Math.floor(BASELINE_REACH_MS / params.pollIntervalMs);
  const blocks: Block[] = [];
  let open: Block = { totals: EMPTY_TOTALS, polls: 0, mem: [] };
  const newestFirst = [...polls].reverse().slice(0, furthest);
  for (const [index, poll] of newestFirst.entries()) {
    if (index >= usual && blocks.length >= BLOCKS_MIN) break;
    const seen = observe(poll);
    if (seen.isBroken) continue;
    open = {
      totals: addPoll(open.totals, seen),
      polls: open.polls + 1,
      mem: Number.isFinite(seen.mem) ? [...open.mem, seen.mem] : open.mem,
    };
    if (open.totals.n < params.minRequests) continue;
    blocks.push(open);
    open = { totals: EMPTY_TOTALS, polls: 0, mem: [] };
  }
  return blocks;
}

function pooledErrors(blocks: readonly Block[]): number {
  const rate = (block: Block): number => block.totals.errors / block.totals.n;
  const better = [...blocks]
    .sort((a, b) => rate(a) - rate(b))
    .slice(0, Math.ceil(blocks.length * ERROR_SHARE));
  const errors = better.reduce((sum, block) => sum + block.totals.errors, 0);
  return errors / better.reduce((sum, block) => sum + block.totals.n, 0);
}
