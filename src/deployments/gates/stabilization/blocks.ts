/**
 * The time before a move in blocks. A block is as many polls as `minRequests` requests need, so that
 * a quiet service is compared over longer stretches instead of with noise.
 */
import { emptyBuckets } from '../../../kernel/histogram.js';
import type { GateGroup } from '../gate.js';
import type { Served } from '../sound-nodes.js';
import { observe, type Observation } from './observation.js';
import type { StabilizationParams } from './stabilization-params.js';

/** Older than an hour is another time of day. */
export const BASELINE_REACH_MS = 60 * 60 * 1000;

export interface PastPoll {
  readonly group: GateGroup;
  readonly served: Served;
}

/** Sums over its polls; an hour of them is read at once, so they are added up in place. */
export class Block {
  polls = 0;
  n = 0;
  errors = 0;
  /** Of each poll that had one: cores and MiB per node. */
  readonly cpu: number[] = [];
  readonly mem: number[] = [];
  readonly counts = emptyBuckets();

  private failed = 0;
  private abandoned = 0;

  add(seen: Observation, { failed, abandoned }: Served): void {
    this.polls += 1;
    this.n += seen.n;
    this.failed += failed;
    this.abandoned += abandoned;
    this.errors += seen.errors;
    if (Number.isFinite(seen.cpu)) this.cpu.push(seen.cpu);
    if (Number.isFinite(seen.mem)) this.mem.push(seen.mem);
    for (let index = 0; index < this.counts.length; index += 1) {
      this.counts[index]! += seen.counts[index]!;
    }
  }

  get errorRate(): number {
    return this.errors / this.n;
  }

  get served(): Served {
    return { requests: this.n, failed: this.failed, abandoned: this.abandoned };
  }
}

export interface Blocks {
  /** Newest first: the polls just before the move matter most. */
  readonly all: readonly Block[];
  /** How many of them, from the newest, are of the time that the baseline usually covers. */
  readonly usual: number;
  /** The half-full block at the far end. */
  readonly rest: Block;
}

export function blocksOf(polls: readonly PastPoll[], params: StabilizationParams): Blocks {
  const usualPolls = Math.ceil(params.baselineMs / params.pollIntervalMs);
  const furthest = Math.floor(BASELINE_REACH_MS / params.pollIntervalMs);
  const all: Block[] = [];
  let usual = 0;
  let open = new Block();
  const newestFirst = [...polls].reverse().slice(0, furthest);
  for (const [index, poll] of newestFirst.entries()) {
    const seen = observe(poll.group);
    if (seen.isBroken) continue;
    open.add(seen, poll.served);
    if (open.n < params.minRequests) continue;
    all.push(open);
    open = new Block();
    if (index < usualPolls) usual = all.length;
  }
  return { all, usual, rest: open };
}
