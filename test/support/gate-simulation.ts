/**
 * Simulated rollouts, to guard what the gate's rule does over many of them. Seeded: the same seed is
 * the same rollout, on every machine.
 *
 * The world: each node serves Poisson traffic with lognormal latencies (median 40 ms, p95 91 ms),
 * 0.2 % errors, half a core and a memory sawtooth. Load drifts (AR(1), ±15 %) and bursts; a shared
 * dependency has bad minutes that every node sees; a noisy neighbour slows one node for minutes.
 * Rates are in the constants below. Its neighbours are rough: a single node that is slow for minutes
 * is most of what an innocent release is rolled back for here. It guards the rule against changes;
 * it does not prove the rule for anyone's real traffic.
 */
import type {
  GateBaselines,
  GateGroup,
  GateSample,
  Verdict,
} from '../../src/deployments/gates/gate.js';
import { stabilization } from '../../src/deployments/gates/stabilization/stabilization.gate.js';
import type { StabilizationParams } from '../../src/deployments/gates/stabilization/stabilization-params.js';
import { bucketUpperMicros, HISTOGRAM_BUCKETS, toSparse } from '../../src/kernel/histogram.js';

/** What the new release does to a node; nothing given = identical to the old one. */
export interface Release {
  readonly errorPoints?: number;
  readonly latencyFactor?: number;
  readonly cpuFactor?: number;
  readonly memoryFactor?: number;
  readonly leakPercentPerMinute?: number;
  /** All of the above begin only at this age of a node. */
  readonly afterS?: number;
  /** Latency and CPU are three times as high until this age. */
  readonly warmUpS?: number;
}

export interface Rollout {
  readonly seed: number;
  readonly params: StabilizationParams;
  readonly waves: readonly number[];
  readonly neverMoved?: number;
  /** Per node. */
  readonly requestsPerSecond: number;
  readonly medianLatencyMs?: number;
  readonly release?: Release;
}

export interface RolloutResult {
  readonly verdict: Exclude<Verdict, 'waiting'>;
  /** The wave that ended the rollout, from 1; the last one when it passed. */
  readonly wave: number;
  /** How long each wave's gate took. */
  readonly gateSeconds: readonly number[];
  readonly reason: string;
}

const LATENCY_SIGMA = 0.5;
const LOAD_SIGMA = 0.15;
const LOAD_MEMORY_S = 120;
/** Events per second and their shapes. */
const LOAD_BURST = { perSecond: 1 / 1200, seconds: [30, 120], strength: [1.5, 2.5] } as const;
const DEPENDENCY = { perSecond: 1 / 1800, seconds: [30, 90], strength: [1.2, 1.8] } as const;
const NEIGHBOUR = { perSecond: 1 / 3600, seconds: [60, 180], strength: [1.2, 1.6] } as const;

// Taken once: in a test's own realm every look-up of a global is slow, and these run by the million.
const { sqrt, log, cos, exp, imul, PI } = Math;

type Random = () => number;

/** mulberry32: 32 bits of state, good enough to sample traffic. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

function normal(random: Random): number {
  return sqrt(-2 * log(1 - random())) * cos(2 * PI * random());
}

function poisson(random: Random, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + sqrt(mean) * normal(random)));
  const limit = exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

function binomial(random: Random, n: number, share: number): number {
  if (n <= 500) {
    let hits = 0;
    for (let trial = 0; trial < n; trial += 1) if (random() < share) hits += 1;
    return hits;
  }
  const guess =
    n * share < 30
      ? poisson(random, n * share)
      : n * share + sqrt(n * share * (1 - share)) * normal(random);
  return Math.min(n, Math.max(0, Math.round(guess)));
}

/** Something bad that comes, stays and goes; at most one at a time. */
class Trouble {
  private remainingS = 0;
  private strength = 1;

  constructor(
    private readonly shape: typeof LOAD_BURST | typeof DEPENDENCY | typeof NEIGHBOUR,
    private readonly random: Random,
  ) {}

  next(seconds: number): number {
    this.remainingS -= seconds;
    if (this.remainingS > 0) return this.strength;
    if (this.random() >= this.shape.perSecond * seconds) return 1;
    const between = ([low, high]: readonly [number, number]): number =>
      low + (high - low) * this.random();
    this.remainingS = between(this.shape.seconds);
    this.strength = between(this.shape.strength);
    return this.strength;
  }
}

interface NodePoll {
  readonly n: number;
  readonly errors: number;
  readonly counts: Float64Array;
  readonly cpu: number;
  readonly mem: number;
}

/** Chances of each bucket for a median latency, cached by steps of 1 %. */
const chances = new Map<number, Float64Array>();

function bucketChances(medianMs: number): Float64Array {
  const key = Math.round(log(medianMs) * 100);
  const known = chances.get(key);
  if (known) return known;
  const made = new Float64Array(HISTOGRAM_BUCKETS);
  let below = 0;
  for (let index = 0; index < HISTOGRAM_BUCKETS; index += 1) {
    const edgeMs = bucketUpperMicros(index) / 1000;
    const z = (log(edgeMs) - key / 100) / LATENCY_SIGMA;
    // A logistic curve stands in for the normal distribution: within 1 % of it.
    const share = 1 / (1 + exp(-(1.5976 * z + 0.070565976 * z ** 3)));
    made[index] = Math.max(0, share - below);
    below = share;
  }
  chances.set(key, made);
  return made;
}

class World {
  private readonly random: Random;
  private readonly burst: Trouble;
  private readonly dependency: Trouble;
  private readonly neighbours: Trouble[];
  private readonly sawtoothPhase: number[];
  private drift = 0;
  private nowS = 0;
  readonly movedAtS: (number | undefined)[];
  readonly history: NodePoll[][] = [];

  constructor(
    private readonly rollout: Rollout,
    nodes: number,
  ) {
    this.random = seeded(rollout.seed);
    this.burst = new Trouble(LOAD_BURST, this.random);
    this.dependency = new Trouble(DEPENDENCY, this.random);
    this.neighbours = Array.from({ length: nodes }, () => new Trouble(NEIGHBOUR, this.random));
    this.sawtoothPhase = Array.from({ length: nodes }, () => 90 * this.random());
    this.movedAtS = Array.from({ length: nodes }, () => undefined);
  }

  move(nodes: readonly number[]): void {
    for (const node of nodes) this.movedAtS[node] = this.nowS;
  }

  /** One poll of every node. */
  poll(): NodePoll[] {
    const seconds = this.rollout.params.pollIntervalMs / 1000;
    this.nowS += seconds;
    const kept = exp(-seconds / LOAD_MEMORY_S);
    this.drift = kept * this.drift + sqrt(1 - kept ** 2) * LOAD_SIGMA * normal(this.random);
    const load = exp(this.drift) * this.burst.next(seconds);
    const dependency = this.dependency.next(seconds);
    const polled = this.movedAtS.map((_, node) => this.pollNode(node, load, dependency, seconds));
    this.history.push(polled);
    return polled;
  }

  private pollNode(node: number, load: number, dependency: number, seconds: number): NodePoll {
    const effect = this.effectOn(node);
    const neighbour = this.neighbours[node]!.next(seconds);
    const slower = (1 + 0.2 * Math.max(0, load - 1)) * dependency * neighbour * effect.latency;
    const median = (this.rollout.medianLatencyMs ?? 40) * slower;
    const expected = this.rollout.requestsPerSecond * seconds * load;
    let n = 0;
    const counts = bucketChances(median).map((chance) => {
      const count = chance * expected < 1e-6 ? 0 : poisson(this.random, chance * expected);
      n += count;
      return count;
    });
    const share = 0.002 + 0.025 * (dependency - 1) + effect.errors;
    const cpu = (0.1 + 0.4 * load * effect.cpu) * (1 + 0.04 * normal(this.random));
    return {
      n,
      errors: binomial(this.random, n, share),
      counts,
      cpu,
      mem: this.memory(node, effect.memory, seconds),
    };
  }

  /** The smallest value in the interval: low when a collection (every 90 s) fell into it. */
  private memory(node: number, factor: number, seconds: number): number {
    const sinceCollection = (this.nowS + this.sawtoothPhase[node]!) % 90;
    const atStart = sinceCollection < seconds ? 0 : sinceCollection - seconds;
    return (400 + (60 * atStart) / 90) * factor + 3 * normal(this.random);
  }

  private effectOn(node: number): { errors: number; latency: number; cpu: number; memory: number } {
    const release = this.rollout.release ?? {};
    const movedAtS = this.movedAtS[node];
    const ageS = movedAtS === undefined ? -1 : this.nowS - movedAtS;
    if (ageS < 0) return { errors: 0, latency: 1, cpu: 1, memory: 1 };
    const cold = ageS <= (release.warmUpS ?? 0) ? 3 : 1;
    if (ageS < (release.afterS ?? 0)) return { errors: 0, latency: cold, cpu: cold, memory: 1 };
    return {
      errors: (release.errorPoints ?? 0) / 100,
      latency: cold * (release.latencyFactor ?? 1),
      cpu: cold * (release.cpuFactor ?? 1),
      memory:
        (release.memoryFactor ?? 1) *
        (1 + ((release.leakPercentPerMinute ?? 0) / 100) * (ageS / 60)),
    };
  }
}

function merge(polled: readonly NodePoll[], nodes: readonly number[]): GateGroup {
  const counts = new Float64Array(HISTOGRAM_BUCKETS);
  const group = { n: 0, errors: 0, cpu: 0, mem: 0 };
  for (const node of nodes) {
    const one = polled[node]!;
    one.counts.forEach((count, index) => (counts[index]! += count));
    group.n += one.n;
    group.errors += one.errors;
    group.cpu += one.cpu / nodes.length;
    group.mem += one.mem / nodes.length;
  }
  return { ...group, histogram: toSparse(counts) };
}

function worstOf(polled: readonly NodePoll[], nodes: readonly number[]): GateSample['worst'] {
  const rated = nodes
    .map((node) => ({ node: `node-${node}`, n: polled[node]!.n, errors: polled[node]!.errors }))
    .filter(({ n }) => n > 0);
  return rated.sort((a, b) => b.errors / b.n - a.errors / a.n)[0] ?? null;
}

/** Runs one rollout, wave by wave, until one gate does not pass. */
export function simulateRollout(rollout: Rollout): RolloutResult {
  const { params, waves, neverMoved = 0, requestsPerSecond } = rollout;
  const total = waves.reduce((sum, nodes) => sum + nodes, neverMoved);
  const world = new World(rollout, total);
  const pollS = params.pollIntervalMs / 1000;
  const pollsPerBlock = Math.ceil(params.minRequests / (0.7 * requestsPerSecond * pollS));
  const past = Math.min(
    3600 / pollS,
    Math.max((2 * params.baselineMs) / params.pollIntervalMs, 8 * pollsPerBlock),
  );
  for (let poll = 0; poll < past; poll += 1) world.poll();
  const beforeFirst = world.history.length;
  const all = Array.from({ length: total }, (_, node) => node);
  const gateSeconds: number[] = [];
  let trend: readonly number[] = [];
  let moved = 0;
  for (const [index, size] of waves.entries()) {
    const wave = all.slice(moved, moved + size);
    const groups = {
      wave,
      earlier: all.slice(0, moved),
      control: all.slice(moved + size),
      first: all.slice(0, waves[0]),
    };
    const baselines = { ...baselinesOf(world, groups, beforeFirst, params), trend };
    world.move(wave);
    moved += size;
    let state = stabilization.start(baselines, params);
    for (let ageS = pollS; ; ageS += pollS) {
      const result = stabilization.fold(
        state,
        sampleOf(world.poll(), groups, ageS),
        baselines,
        params,
      );
      state = result.state;
      if (result.verdict === 'waiting') continue;
      gateSeconds.push(ageS);
      const end = { wave: index + 1, gateSeconds, reason: result.reason };
      if (result.verdict !== 'stable') return { ...end, verdict: result.verdict };
      if (index + 1 === waves.length) return { ...end, verdict: 'stable' };
      break;
    }
    trend = stabilization.trend(state);
  }
  throw new Error('a rollout needs at least one wave');
}

interface Groups {
  readonly wave: readonly number[];
  readonly earlier: readonly number[];
  readonly control: readonly number[];
  readonly first: readonly number[];
}

function baselinesOf(
  world: World,
  { wave, earlier, control, first }: Groups,
  beforeFirst: number,
  params: StabilizationParams,
): GateBaselines {
  const of = (nodes: readonly number[], until: number) =>
    nodes.length === 0
      ? null
      : stabilization.baseline(
          world.history
            .slice(Math.max(0, until - 120), until)
            .map((polled) => merge(polled, nodes)),
          params,
        );
  const now = world.history.length;
  return {
    firstRelease: false,
    wave: of(wave, now),
    earlier: of(earlier, beforeFirst),
    control: of(control, now),
    first: of(first, beforeFirst),
  };
}

function sampleOf(polled: readonly NodePoll[], groups: Groups, ageS: number): GateSample {
  return {
    ageS,
    wave: merge(polled, groups.wave),
    ...(groups.earlier.length > 0 ? { earlier: merge(polled, groups.earlier) } : {}),
    ...(groups.control.length > 0 ? { control: merge(polled, groups.control) } : {}),
    worst: worstOf(polled, groups.wave),
    firstMem: groups.first.map((node) => polled[node]!.mem),
    incomplete: false,
    failedNodes: [],
    counterResets: 0,
    silentNodes: [],
  };
}
