/**
 * The parameters of `stabilization`. All are integers in the unit of their name, because resolved
 * parameters are part of what an approver signs and are hashed as canonical JSON.
 *
 * The defaults were measured with simulated rollouts (docs/gates.md); replay stored samples before
 * changing one.
 */
import { z } from 'zod';
import { abandonedErrorMs } from '../abandoned.js';
import type { Stricter } from '../gate.js';

/** The trend lives in the gate's state; more points than this do not fit and tell nothing more. */
export const TREND_POLLS_MAX = 240;

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

function whole(value: number, smallest: number, largest: number, description: string) {
  return z.int().min(smallest).max(largest).default(value).describe(description);
}

const fields = z.strictObject({
  limitCpuPercent: whole(10, 1, 1000, 'CPU per node may rise by this share of the baseline.'),
  limitMemoryPercent: whole(10, 1, 1000, 'Memory per node may rise by this share.'),
  limitLatencyPercent: whole(15, 1, 1000, 'p95 latency may rise by this share.'),
  limitErrorBasisPoints: whole(100, 1, 5000, 'The error rate may rise by this; 100 = 1 point.'),
  // Without floors a limit relative to a tiny baseline would judge noise.
  floorCpuMillicores: whole(50, 1, 64_000, 'A smaller CPU rise is always allowed.'),
  floorMemoryMiB: whole(32, 1, 1_048_576, 'A smaller memory rise is always allowed.'),
  floorLatencyMs: whole(10, 1, 60_000, 'A smaller latency rise is always allowed.'),
  abandonedErrorMs,
  pollIntervalMs: whole(30_000, 500, 300_000, 'One sample per interval.'),
  minWaitMs: whole(120_000, 0, DAY_MS, 'Never stable before this.'),
  maxWaitMs: whole(1_800_000, 1000, DAY_MS, 'Not stable by then: unstable or inconclusive.'),
  consecutiveStableChecks: whole(3, 1, 100, 'Good checks in a row that stable needs.'),
  baselineMs: whole(300_000, 1000, HOUR_MS, 'The baseline covers this long before the move.'),
  warmUpMs: whole(60_000, 0, HOUR_MS, 'Only errors are judged until then.'),
  minRequests: whole(200, 5, 1_000_000, 'Requests that one check needs: one poll or many.'),
  minChecks: whole(20, 1, 1000, 'Fewer counted checks at the maximum wait: inconclusive.'),
  score: whole(7, 1, 100, 'Harm that ends the gate early.'),
  scoreAlone: whole(15, 1, 200, 'The same when no untouched node is left to compare with.'),
  cap: whole(3, 1, 100, 'The most harm that one poll can add: no single burst decides.'),
  // Above the 5 % that lie beyond a p95 by definition; a latency twice as long puts 23 % there.
  slowHarmPercent: whole(20, 6, 90, 'This share of slow requests is clear harm.'),
  decayPercent: whole(80, 0, 99, 'What the smoothed reading keeps at each check.'),
  trendAfterMs: whole(180_000, 1000, DAY_MS, 'The memory trend is judged from this length on.'),
  horizonMs: whole(600_000, 0, DAY_MS, 'The trend is extended by this.'),
  onNoData: z
    .enum(['wait', 'pause', 'fail'])
    .default('pause')
    .describe('What an inconclusive verdict leads to.'),
});

export type StabilizationParams = Readonly<z.output<typeof fields>>;

export const stabilizationParams = fields.superRefine((params, context) => {
  const refuse = (path: keyof StabilizationParams, message: string): void => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if (params.minWaitMs > params.maxWaitMs) refuse('minWaitMs', 'must not exceed maxWaitMs');
  if (params.warmUpMs >= params.maxWaitMs) refuse('warmUpMs', 'must be less than maxWaitMs');
  if (params.pollIntervalMs > params.maxWaitMs) {
    refuse('pollIntervalMs', 'must not exceed maxWaitMs');
  }
  if (params.scoreAlone < params.score) refuse('scoreAlone', 'must be at least score');
  if (params.trendAfterMs > TREND_POLLS_MAX * params.pollIntervalMs) {
    refuse('trendAfterMs', `must be at most ${TREND_POLLS_MAX} times pollIntervalMs`);
  }
});

/** Null where neither way is provably stricter: a request that changes it needs the permission. */
export const stabilizationStricter: Readonly<Record<keyof StabilizationParams, Stricter>> = {
  limitCpuPercent: 'smaller',
  limitMemoryPercent: 'smaller',
  limitLatencyPercent: 'smaller',
  limitErrorBasisPoints: 'smaller',
  floorCpuMillicores: 'smaller',
  floorMemoryMiB: 'smaller',
  floorLatencyMs: 'smaller',
  abandonedErrorMs: 'smaller',
  pollIntervalMs: null,
  minWaitMs: 'larger',
  maxWaitMs: null,
  consecutiveStableChecks: 'larger',
  baselineMs: null,
  warmUpMs: null,
  minRequests: 'larger',
  minChecks: null,
  score: 'smaller',
  scoreAlone: 'smaller',
  cap: null,
  slowHarmPercent: null,
  decayPercent: null,
  trendAfterMs: null,
  horizonMs: null,
  onNoData: ['wait', 'pause', 'fail'],
};

export const defaultGateParams: StabilizationParams = stabilizationParams.parse({});

/**
 * A wave in 5 to 9 seconds, for the demo. Its agents must report every second, and its service must
 * be fast: at 40 ms, 7 to 13 % of identical releases failed.
 */
export const demoGateParams: StabilizationParams = stabilizationParams.parse({
  floorCpuMillicores: 200,
  pollIntervalMs: 1000,
  minWaitMs: 5000,
  maxWaitMs: 30_000,
  baselineMs: 20_000,
  warmUpMs: 2000,
  minRequests: 40,
  minChecks: 4,
});
