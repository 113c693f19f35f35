// Batch by batch: never more nodes away at once than allowed, each batch settled before the next.
import { z } from 'zod';
import { DomainError } from '../../kernel/errors.js';
import { limits } from '../../kernel/limits.js';
import { utilizationParams } from '../gates/utilization/utilization-params.js';
import { chunks, notPossible, opening, servingStep, wave } from './plan-parts.js';
import { spreadOver } from './spread.js';
import type { GateChoice, PlanNode, Strategy, StrategyFacts } from './strategy.js';

const AMOUNT = 'must be a whole number from 0 to 500, or a share of the nodes from "0%" to "100%"';

const amount = (standard: number | string, description: string) =>
  z
    .union(
      [
        z.int(AMOUNT).min(0, AMOUNT).max(500, AMOUNT),
        z.string().regex(/^(100|[1-9]?[0-9])%$/, AMOUNT),
      ],
      AMOUNT,
    )
    .default(standard)
    .describe(description);

const percent = (description: string) =>
  z.int().min(1).max(100).optional().describe(`${description} Without: as the gate says, or 80.`);

const params = z
  .strictObject({
    maxUnavailable: amount('25%', 'Nodes that may be away at once; a share is rounded down.'),
    maxSurge: amount(0, 'Additional nodes, which keep serving while they move; rounded up.'),
    maxCpuPercent: percent('A batch has settled below this share of its nodes’ cores.'),
    maxMemoryPercent: percent('A batch has settled below this share of its nodes’ memory.'),
  })
  .refine(({ maxUnavailable, maxSurge }) => !isZero(maxUnavailable) || !isZero(maxSurge), {
    path: ['maxUnavailable'],
    message: 'must be at least 1 or "1%" when maxSurge is 0',
  });

export type RollingParams = z.output<typeof params>;

/** Failure domains that a batch is spread over, so that none is away as a whole. */
const SPREAD_BY = ['zone', 'rack'];

export const rolling: Strategy<RollingParams> = {
  kind: 'rolling',
  title: 'Rolling: batch by batch',
  description: 'Batches by maxUnavailable and maxSurge, each settled before the next one begins.',
  params,
  plan: (facts, own) => {
    const { maxUnavailable, maxSurge } = budgetOf(facts, own);
    const size = Math.min(maxUnavailable + maxSurge, limits.nodesPerWave);
    const utilization = utilizationChoice(facts.gate, own);
    const gates = facts.gate.kind === 'utilization' ? [utilization] : [facts.gate, utilization];
    // Those that are down come first, by themselves: that takes nobody away, and brings them back.
    const batches = [facts.nodes.filter(isDown), facts.nodes.filter((node) => !isDown(node))]
      .map((nodes) => spreadOver(nodes, SPREAD_BY))
      .flatMap((nodes) => chunks(nodes, size));
    const steps = batches.flatMap((nodes, index) => [
      servingStep(index + 1, { maxUnavailable, maxSurge }),
      ...wave(index + 1, nodes, facts, { gates }),
    ]);
    const all = [...opening(facts), ...steps];
    if (all.length > limits.stepsPerPlan) throw tooManyBatches(facts.nodes.length, size);
    return { role: 'forward', steps: all };
  },
};

const isDown = ({ wasDown }: PlanNode) => wasDown !== undefined;

/** Both as numbers of nodes, for this cluster and this module. Their sum is the size of a batch. */
function budgetOf(facts: StrategyFacts, own: RollingParams) {
  const { nodes, overlaps, minAvailable } = facts;
  const count = nodes.length;
  // Where nobody serves there is nobody to be missed.
  const room = nodes.every(isDown) ? count : Math.max(0, count - minAvailable);
  const share = nodesOfAmount(own.maxUnavailable, count, Math.floor);
  if (overlaps) {
    const maxUnavailable = Math.min(share, room);
    const maxSurge = nodesOfAmount(own.maxSurge, count, Math.ceil);
    if (maxUnavailable + maxSurge > 0) return { maxUnavailable, maxSurge };
    // One node at a time is the least there is; where none may be away it serves while it moves.
    return room > 0 ? { maxUnavailable: 1, maxSurge } : { maxUnavailable, maxSurge: 1 };
  }
  if (isZero(own.maxUnavailable)) {
    throw notPossible(
      'strategy.maxSurge cannot help: old and new of this module may not run side by side. Set strategy.maxUnavailable to at least 1',
    );
  }
  if (room === 0) {
    throw notPossible(
      `a node of this module does not serve while it moves, and of ${count} serving nodes at least ${minAvailable} must stay. Add a node, or lower the cluster's minAvailable`,
    );
  }
  return { maxUnavailable: Math.min(Math.max(1, share), room), maxSurge: 0 };
}

/** The tighter one of what the gate and the request say. */
function utilizationChoice({ kind, params: gate, maxWaitMs }: GateChoice, own: RollingParams) {
  const base = kind === 'utilization' ? gate : timesOf(gate);
  const { maxCpuPercent, maxMemoryPercent, ...rest } = utilizationParams.parse(base);
  return {
    kind: 'utilization',
    params: {
      ...rest,
      maxCpuPercent: Math.min(maxCpuPercent, own.maxCpuPercent ?? 100),
      maxMemoryPercent: Math.min(maxMemoryPercent, own.maxMemoryPercent ?? 100),
    },
    maxWaitMs,
  };
}

/** The utilisation is polled as often, and for as long, as the environment's own gate. */
function timesOf({ pollIntervalMs, maxWaitMs, onNoData }: GateChoice['params']) {
  return { pollIntervalMs, maxWaitMs, onNoData };
}

function isZero(value: number | string): boolean {
  return value === 0 || value === '0%';
}

function nodesOfAmount(
  value: number | string,
  count: number,
  round: (value: number) => number,
): number {
  if (typeof value === 'number') return Math.min(value, count);
  return round((Number.parseInt(value, 10) * count) / 100);
}

function tooManyBatches(nodes: number, size: number): DomainError {
  return notPossible(
    `${nodes} nodes in batches of ${size} make too many steps (at most ${limits.stepsPerPlan}). Raise strategy.maxUnavailable, for example to "10%"`,
  );
}
