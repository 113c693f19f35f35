// A few nodes first; more only after each wave has settled against its own past and the others.
import { z } from 'zod';
import { counted } from '../../kernel/counted.js';
import { DomainError } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import type { Step } from '../../engine/plan.js';
import { chunks, notPossible, opening, sharesTraffic, wave } from './plan-parts.js';
import { spreadOver } from './spread.js';
import type { PlanNode, Strategy, StrategyFacts } from './strategy.js';

/** Each wave has four steps, and a plan has room for so many. */
const WAVES_MOST = 90;

const isIncreasing = (values: readonly number[]) =>
  values.every((value, at) => at === 0 || value > values[at - 1]!);
const INCREASING = { message: 'must be strictly increasing' };

const params = z
  .strictObject({
    /** Cumulative share of the nodes that run the release after each wave. */
    wavesPercent: z
      .array(z.int().min(1).max(100))
      .min(1)
      .max(20)
      .default([10, 30, 50, 100])
      .refine(isIncreasing, INCREASING)
      .refine((waves) => waves.at(-1) === 100, { message: 'the last wave must be 100' }),
    /** The same as numbers of nodes, instead of shares; what is left comes last. */
    wavesCount: z
      .array(z.int().min(1).max(500))
      .min(1)
      .max(20)
      .refine(isIncreasing, INCREASING)
      .optional(),
    /** Shares of its own traffic that a node gives to the release before it gets all of it. */
    trafficPercent: z
      .preprocess(
        (value) => (typeof value === 'number' ? [value] : value),
        z.array(z.int().min(1).max(99)).max(10).refine(isIncreasing, INCREASING),
      )
      .default([]),
    /** Labels whose values are failure domains: each wave is spread over them. */
    spreadBy: z.array(z.string().min(1).max(63)).max(4).default(['zone', 'rack']),
  })
  .refine(
    ({ wavesPercent, wavesCount, trafficPercent }) =>
      (wavesCount ? wavesCount.length + 1 : wavesPercent.length) * (trafficPercent.length + 1) <=
      WAVES_MOST,
    {
      path: ['trafficPercent'],
      message: `the waves times their shares of traffic are at most ${WAVES_MOST}`,
    },
  );

export type CanaryParams = z.output<typeof params>;

export const canary: Strategy<CanaryParams> = {
  kind: 'canary',
  title: 'Canary: a few nodes first, then more',
  description:
    'Waves by percent or number of nodes, spread over failure domains, each behind a gate; inside a node, if asked for, by share of its traffic.',
  params,
  plan: (facts, { wavesPercent, wavesCount, trafficPercent, spreadBy }) => {
    if (trafficPercent.length > 0 && !facts.hasTraffic) throw nothingToShare();
    const ordered = spreadOver(facts.nodes, spreadBy);
    const counts = wavesCount
      ? [...wavesCount, ordered.length]
      : wavesPercent.map((percent) => Math.ceil((percent * ordered.length) / 100));
    const steps: Step[] = [];
    let number = 0;
    for (const nodes of cut(ordered, counts)) {
      const stages = stagesOf(nodes, facts, trafficPercent);
      const enteredIn = number + 1;
      for (const stage of stages) {
        number += 1;
        steps.push(...wave(number, stage.nodes, facts, { ...stage, enteredIn }));
      }
    }
    const all = [...opening(facts), ...steps];
    if (all.length > limits.stepsPerPlan) throw tooManySteps(ordered.length, all.length);
    return { role: 'forward', steps: all };
  },
};

/**
 * `counts` are cumulative; a wave that would add no node is dropped.
 * 6 nodes at 10, 30, 50, 100 %: 1, 2, 3, 6, so waves of 1, 1, 1 and 3. A wave of more nodes than may
 * move at once becomes several.
 */
function cut(nodes: readonly PlanNode[], counts: readonly number[]): PlanNode[][] {
  const waves: PlanNode[][] = [];
  let moved = 0;
  for (const count of counts) {
    const upTo = Math.min(count, nodes.length);
    if (upTo > moved) waves.push(...parts(nodes.slice(moved, upTo)));
    moved = Math.max(moved, upTo);
  }
  return waves;
}

/** Of about the same size: what is left over, a few nodes, would tell their gate little. */
function parts(nodes: readonly PlanNode[]): PlanNode[][] {
  const count = Math.ceil(nodes.length / limits.nodesPerWave);
  return chunks(nodes, Math.ceil(nodes.length / count));
}

interface Stage {
  readonly nodes: readonly PlanNode[];
  readonly gates: readonly StrategyFacts['gate'][];
  readonly percent?: number;
  readonly title?: string;
}

/** A node that runs nothing yet has no traffic to share: it takes part in the first stage only. */
function stagesOf(
  nodes: readonly PlanNode[],
  { to, gate }: StrategyFacts,
  trafficPercent: readonly number[],
): Stage[] {
  const sharing = nodes.filter((node) => sharesTraffic(node, to));
  const gates = [gate];
  if (trafficPercent.length === 0 || sharing.length === 0) return [{ nodes, gates }];
  const size = counted(sharing.length, 'node');
  const shares = trafficPercent.map((percent, index): Stage => {
    const title = `Give the release ${percent} % of the traffic of ${size}`;
    return { nodes: index === 0 ? nodes : sharing, gates, percent, title };
  });
  return [...shares, { nodes: sharing, gates, title: `Give it all the traffic of ${size}` }];
}

function nothingToShare(): DomainError {
  return notPossible(
    'strategy.trafficPercent needs a module with "traffic" in its manifest. Leave it out to canary by nodes',
  );
}

function tooManySteps(nodes: number, steps: number): DomainError {
  return notPossible(
    `${nodes} nodes make ${steps} steps, and a plan has at most ${limits.stepsPerPlan}. Shorten strategy.trafficPercent, or name fewer waves`,
  );
}
