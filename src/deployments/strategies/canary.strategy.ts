// A few nodes first; more only after each wave has settled against its own past and the others.
import { z } from 'zod';
import { opening, wave } from './plan-parts.js';
import { spreadOver } from './spread.js';
import type { PlanNode, Strategy } from './strategy.js';

const params = z.strictObject({
  /** Cumulative share of the nodes that run the release after each wave. */
  wavesPercent: z
    .array(z.int().min(1).max(100))
    .min(1)
    .max(20)
    .default([10, 30, 50, 100])
    .refine((waves) => waves.every((percent, at) => at === 0 || percent > waves[at - 1]!), {
      message: 'must be strictly increasing',
    })
    .refine((waves) => waves.at(-1) === 100, { message: 'the last wave must be 100' }),
  /** Labels whose values are failure domains: each wave is spread over them. */
  spreadBy: z.array(z.string().min(1).max(63)).max(4).default(['zone', 'rack']),
});

export type CanaryParams = z.output<typeof params>;

export const canary: Strategy<CanaryParams> = {
  kind: 'canary',
  title: 'Canary: a few nodes first, then more',
  description: 'Waves by percent of the nodes, spread over failure domains, each behind a gate.',
  params,
  plan: (facts, { wavesPercent, spreadBy }) => {
    const ordered = spreadOver(facts.nodes, spreadBy);
    const waves = cut(ordered, wavesPercent);
    const steps = waves.flatMap((nodes, index) =>
      wave(index + 1, nodes, facts, { gates: [facts.gate] }),
    );
    return { role: 'forward', steps: [...opening(), ...steps] };
  },
};

/**
 * Cumulative counts are ceil(percent × n / 100); a wave that would add no node is dropped.
 * 6 nodes at 10, 30, 50, 100 %: 1, 2, 3, 6, so waves of 1, 1, 1 and 3.
 */
function cut(nodes: readonly PlanNode[], wavesPercent: readonly number[]): PlanNode[][] {
  const waves: PlanNode[][] = [];
  let moved = 0;
  for (const percent of wavesPercent) {
    const upTo = Math.ceil((percent * nodes.length) / 100);
    if (upTo > moved) waves.push(nodes.slice(moved, upTo));
    moved = Math.max(moved, upTo);
  }
  return waves;
}
