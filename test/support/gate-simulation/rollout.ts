/**
 * Simulated rollouts, to see what a gate's rule does over many of them. They guard the rule against
 * changes and compare rules; they do not prove a rule for anyone's real traffic.
 */
import type { Verdict } from '../../../src/deployments/gates/gate.js';
import type { StabilizationParams } from '../../../src/deployments/gates/stabilization/stabilization-params.js';
import { intervalsOf, nameOf, sampleOf, type Groups } from './groups.js';
import { stabilizationRule, type Before, type Rule } from './rule.js';
import { World, type WorldSettings } from './world.js';

export type { Release } from './world.js';

export interface Rollout extends Omit<WorldSettings, 'pollMs'> {
  readonly params: StabilizationParams;
  /** Nodes per wave. */
  readonly waves: readonly number[];
  readonly neverMoved?: number;
}

export interface RolloutResult {
  readonly verdict: Exclude<Verdict, 'waiting'>;
  /** The wave that ended the rollout, from 1; the last one when it passed. */
  readonly wave: number;
  /** How long each wave's gate took. */
  readonly gateSeconds: readonly number[];
  readonly reason: string;
}

/** Polls that a baseline may reach back. */
const REACH = 120;

/** Runs one rollout, wave by wave, until one gate does not pass. */
export function simulateRollout(rollout: Rollout, rule: Rule = stabilizationRule): RolloutResult {
  const { params, waves, neverMoved = 0 } = rollout;
  const total = waves.reduce((sum, nodes) => sum + nodes, neverMoved);
  const pollS = params.pollIntervalMs / 1000;
  const world = new World({ ...rollout, pollMs: params.pollIntervalMs }, total);
  for (let poll = pollsBefore(rollout); poll > 0; poll -= 1) world.poll();
  const beforeFirst = world.history.length;
  const all = Array.from({ length: total }, (_, node) => node);
  const judge = rule(params);
  const gateSeconds: number[] = [];
  let moved = 0;
  for (const [index, size] of waves.entries()) {
    const groups = {
      wave: all.slice(moved, moved + size),
      earlier: all.slice(0, moved),
      control: all.slice(moved + size),
      first: all.slice(0, waves[0]),
    };
    const watch = judge.openWave(beforeWave(world, groups, beforeFirst));
    const { controlLeftOut: leftOut } = watch;
    const control = groups.control.filter(
      (node) => leftOut !== 'all' && !leftOut.includes(nameOf(node)),
    );
    world.move(groups.wave);
    moved += size;
    for (let ageS = pollS; ; ageS += pollS) {
      const { verdict, reason } = watch.see(sampleOf(world.poll(), { ...groups, control }, ageS));
      if (verdict === 'waiting') continue;
      gateSeconds.push(ageS);
      const isLast = index + 1 === waves.length;
      if (verdict !== 'stable' || isLast) return { verdict, wave: index + 1, gateSeconds, reason };
      break;
    }
  }
  throw new Error('a rollout needs at least one wave');
}

/** Enough for twice the baseline, and for blocks with enough requests. */
function pollsBefore({ params, requestsPerSecond }: Rollout): number {
  const pollS = params.pollIntervalMs / 1000;
  const pollsPerBlock = Math.ceil(params.minRequests / (0.7 * requestsPerSecond * pollS));
  const wanted = Math.max((2 * params.baselineMs) / params.pollIntervalMs, 8 * pollsPerBlock);
  return Math.min(3600 / pollS, wanted);
}

function beforeWave(world: World, groups: Groups, beforeFirst: number): Before {
  const until = (end: number, nodes: readonly number[]) =>
    nodes.length === 0
      ? []
      : world.history
          .slice(Math.max(0, end - REACH), end)
          .map((polled) => intervalsOf(polled, nodes));
  const now = world.history.length;
  return {
    wave: until(now, groups.wave),
    control: until(now, groups.control),
    earlier: until(beforeFirst, groups.earlier),
    first: until(beforeFirst, groups.first),
  };
}
