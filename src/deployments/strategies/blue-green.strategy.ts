// The new release (green) is started beside the old one (blue) on every node, checked, and gets all
// the traffic in one switch. Blue stays warm for a while, so that going back takes no time.
import { z } from 'zod';
import { counted } from '../../kernel/counted.js';
import { limits } from '../../kernel/limits.js';
import { smokeTest, type Smoke } from '../../kernel/smoke-test.js';
import type { Step } from '../../engine/plan.js';
import { utilizationParams } from '../gates/utilization/utilization-params.js';
import { chunks, keepStep, notPossible, opening, sharesTraffic, wave } from './plan-parts.js';
import type { GateChoice, PlanNode, Strategy, StrategyFacts } from './strategy.js';

const MINUTE_MS = 60_000;

const params = z.strictObject({
  /** Only nodes with this label get a green beside their blue; the others follow after the switch. */
  greenLabel: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._/-]{0,62}=.{1,63}$/, 'must be a label and its value: "color=green"')
    .optional(),
  /** Besides those of the release's manifest. */
  smokeTests: z.array(smokeTest).max(20).default([]),
  /** For all smoke tests of a node together. */
  smokeTimeoutMs: z
    .int()
    .min(1000)
    .max(60 * MINUTE_MS)
    .default(5 * MINUTE_MS),
  /** How long blue stays warm after the switch has settled. */
  keepBlueMs: z
    .int()
    .min(0)
    .max(24 * 60 * MINUTE_MS)
    .default(10 * MINUTE_MS),
});

export type BlueGreenParams = z.output<typeof params>;

export const blueGreen: Strategy<BlueGreenParams> = {
  kind: 'blue-green',
  title: 'Blue-green: beside the old one, then one switch',
  description:
    'Green is started beside blue and checked without traffic; one switch; blue is kept warm.',
  params,
  plan: (facts, own) => {
    if (!facts.hasTraffic) {
      throw notPossible('blue-green needs a module with "traffic" in its manifest');
    }
    const { green, rest } = split(facts, own.greenLabel);
    const steps = green.length > 0 ? swap(green, rest, facts, own) : follow(1, rest, facts, own);
    return { role: 'forward', steps: [...opening(facts), ...steps] };
  },
};

/** Green: the nodes that run a blue now, all of them or those labelled so. */
function split({ nodes, to }: StrategyFacts, greenLabel: string | undefined) {
  const labelled = nodes.filter((node) => hasLabel(node, greenLabel));
  if (labelled.length === 0) {
    throw notPossible(`no serving node has the label ${greenLabel ?? ''} of strategy.greenLabel`);
  }
  const green = labelled.filter((node) => sharesTraffic(node, to));
  if (green.length > limits.nodesPerWave) {
    throw notPossible(
      `one switch moves at most ${limits.nodesPerWave} nodes, these are ${green.length}; use canary or rolling`,
    );
  }
  const greenIds = new Set(green.map(({ nodeId }) => nodeId));
  return { green, rest: nodes.filter(({ nodeId }) => !greenIds.has(nodeId)) };
}

function hasLabel({ labels }: PlanNode, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const at = wanted.indexOf('=');
  return labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}

function swap(
  green: readonly PlanNode[],
  rest: readonly PlanNode[],
  facts: StrategyFacts,
  own: BlueGreenParams,
): Step[] {
  const size = counted(green.length, 'node');
  const smoke = smokeOf(facts, own);
  const start = wave(1, green, facts, {
    gates: [withoutTraffic(facts.gate)],
    baselineFor: facts.gate,
    percent: 0,
    ...(smoke ? { smoke } : {}),
    title: `Start green beside blue on ${size}`,
  });
  const turn = wave(2, green, facts, {
    gates: [facts.gate],
    enteredIn: 1,
    percent: 100,
    title: `Switch all traffic to green on ${size}`,
  });
  const keep = own.keepBlueMs > 0 ? [keepStep(3, own.keepBlueMs)] : [];
  const others = rest.length > 0 ? follow(3, rest, facts, own) : [];
  const last = 3 + Math.ceil(rest.length / limits.nodesPerWave);
  const retire = wave(last, green, facts, {
    gates: [],
    enteredIn: 1,
    title: `Stop blue on ${size}`,
  });
  return [...start, ...turn, ...keep, ...others, ...retire];
}

/** Nodes without a green of their own: blue of the other half, or nothing at all. */
function follow(
  first: number,
  nodes: readonly PlanNode[],
  facts: StrategyFacts,
  own: BlueGreenParams,
): Step[] {
  const smoke = smokeOf(facts, own);
  return chunks(nodes, limits.nodesPerWave).flatMap((part, index) =>
    wave(first + index, part, facts, { gates: [facts.gate], ...(smoke ? { smoke } : {}) }),
  );
}

function smokeOf({ smokeTests }: StrategyFacts, own: BlueGreenParams): Smoke | null {
  const tests = [...smokeTests, ...own.smokeTests];
  return tests.length > 0 ? { tests, timeoutMs: own.smokeTimeoutMs } : null;
}

/** What can be judged before anybody asks green: that it runs, steadily, with room left. */
function withoutTraffic({ kind, params: gate, maxWaitMs }: GateChoice): GateChoice {
  if (kind === 'utilization') return { kind, params: gate, maxWaitMs };
  const { pollIntervalMs, maxWaitMs: waitMs, onNoData } = gate;
  return {
    kind: 'utilization',
    params: utilizationParams.parse({ pollIntervalMs, maxWaitMs: waitMs, onNoData }),
    maxWaitMs,
  };
}
