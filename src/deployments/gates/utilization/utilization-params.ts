import { z } from 'zod';
import type { Stricter } from '../gate.js';

const DAY_MS = 24 * 60 * 60 * 1000;

function whole(value: number, smallest: number, largest: number, description: string) {
  return z.int().min(smallest).max(largest).default(value).describe(description);
}

const fields = z.strictObject({
  maxCpuPercent: whole(80, 1, 100, 'The module may use this share of a node’s cores.'),
  maxMemoryPercent: whole(80, 1, 100, 'And of its memory, or of what its manifest asks for.'),
  swingPoints: whole(20, 1, 100, 'Good checks in a row may differ by this many points.'),
  pollIntervalMs: whole(30_000, 500, 300_000, 'One check per interval.'),
  minWaitMs: whole(0, 0, DAY_MS, 'Never stable before this.'),
  maxWaitMs: whole(1_800_000, 1000, DAY_MS, 'Not stable by then: unstable or inconclusive.'),
  consecutiveStableChecks: whole(3, 1, 100, 'Good checks in a row that stable needs.'),
  onNoData: z
    .enum(['wait', 'pause', 'fail'])
    .default('pause')
    .describe('What an inconclusive verdict leads to.'),
});

export type UtilizationParams = Readonly<z.output<typeof fields>>;

export const utilizationParams = fields.superRefine((params, context) => {
  const refuse = (path: keyof UtilizationParams, message: string): void => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if (params.minWaitMs > params.maxWaitMs) refuse('minWaitMs', 'must not exceed maxWaitMs');
  if (params.pollIntervalMs > params.maxWaitMs) {
    refuse('pollIntervalMs', 'must not exceed maxWaitMs');
  }
});

/** Null where neither way is provably stricter: a request that changes it needs the permission. */
export const utilizationStricter: Readonly<Record<keyof UtilizationParams, Stricter>> = {
  maxCpuPercent: 'smaller',
  maxMemoryPercent: 'smaller',
  swingPoints: 'smaller',
  pollIntervalMs: null,
  minWaitMs: 'larger',
  maxWaitMs: null,
  consecutiveStableChecks: 'larger',
  onNoData: ['wait', 'pause', 'fail'],
};
