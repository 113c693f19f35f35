/** The figures that a wave is held against: the same nodes before the move. */
import type { GateBaseline } from '../gate.js';
import type { Block } from './blocks.js';
import { quantileMs } from './quantiles.js';
import { mean, median, standardDeviation } from './statistics.js';

/** A median of fewer blocks is a single value with a grand name. */
const BLOCKS_MIN = 5;

/** Errors come from the better blocks only: one bad minute before the move must not excuse many after. */
const ERROR_SHARE = 0.6;

/** A p95 this much above that of the hour before is an incident, and no property of the nodes. */
const INCIDENT_FACTOR = 1.5;

/**
 * `blocks` newest first; the first `usual` of them, or more until there are 5. Null: too little is
 * known.
 */
export function baselineOf(blocks: readonly Block[], usual: number): GateBaseline | null {
  const used = blocks.slice(0, Math.max(usual, BLOCKS_MIN));
  if (used.length < BLOCKS_MIN) return null;
  const cpus = used.map(({ cpu }) => mean(cpu)).filter(Number.isFinite);
  const baseline: GateBaseline = {
    err: pooledErrors(used),
    p95: medianP95(used),
    cpu: median(cpus),
    mem: median(used.map(({ mem }) => mean(mem)).filter(Number.isFinite)),
    cpuSd: standardDeviation(cpus),
    requestsPerPoll: median(used.map(({ n, polls }) => n / polls)),
    blocks: used.length,
  };
  // A measure nobody reported cannot be judged later; then this is no baseline, and says so now.
  if (!Object.values(baseline).every(Number.isFinite)) return null;
  const older = blocks.slice(used.length);
  const usualP95 = older.length < BLOCKS_MIN ? Number.NaN : medianP95(older);
  return INCIDENT_FACTOR * usualP95 < baseline.p95 ? { ...baseline, usualP95 } : baseline;
}

function medianP95(blocks: readonly Block[]): number {
  const p95s = blocks.map(({ counts }) => quantileMs(counts, 0.95));
  return median(p95s.filter((value) => Number.isFinite(value)));
}

function pooledErrors(blocks: readonly Block[]): number {
  const better = [...blocks]
    .sort((a, b) => a.errorRate - b.errorRate)
    .slice(0, Math.ceil(blocks.length * ERROR_SHARE));
  const errors = better.reduce((sum, block) => sum + block.errors, 0);
  return errors / better.reduce((sum, block) => sum + block.n, 0);
}
