/**
 * The world of the simulated rollouts. Each node serves Poisson traffic with lognormal latencies
 * (median 40 ms, p95 91 ms), 0.2 % errors, half a core and a memory sawtooth. Load drifts (AR(1),
 * ±15 %) and bursts; a shared dependency has bad minutes that every node sees; a noisy neighbour
 * slows one node for minutes.
 */
import { bucketUpperMicros, HISTOGRAM_BUCKETS } from '../../../src/kernel/histogram.js';
import { binomial, normal, poisson, seeded, type Random } from './random.js';

const { sqrt, log, exp } = Math;

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
  /** No request is answered well until this age. */
  readonly outageS?: number;
}

/** What a node is like before it is moved, when it is not well: factors on what is usual. */
export interface Ailment {
  readonly errorPoints: number;
  readonly latencyFactor: number;
  /** 0: nothing runs. */
  readonly cpuFactor: number;
  readonly memoryFactor: number;
}

/** Something bad: how often it comes, how long it stays, how strong it is. */
interface Shape {
  readonly perSecond: number;
  readonly seconds: readonly [number, number];
  readonly strength: readonly [number, number];
}

export interface Surroundings {
  /** How far the load wanders (standard deviation of its logarithm), and how long it stays there. */
  readonly load: { readonly sigma: number; readonly memoryS: number };
  readonly loadBurst: Shape;
  /** Seen by every node. */
  readonly dependency: Shape;
  /** Slows a single node: nothing that an untouched node could excuse. */
  readonly neighbour: Shape;
}

const loadBurst: Shape = { perSecond: 1 / 1200, seconds: [30, 120], strength: [1.5, 2.5] };
const dependency: Shape = { perSecond: 1 / 1800, seconds: [30, 90], strength: [1.2, 1.8] };

/** Machines of one's own. */
export const quiet: Surroundings = {
  loadBurst,
  dependency,
  load: { sigma: 0.2, memoryS: 1200 },
  neighbour: { perSecond: 1 / 3600, seconds: [30, 90], strength: [1.02, 1.15] },
};
/** Shared machines: each node is slow for two minutes of every hour. */
export const rough: Surroundings = {
  loadBurst,
  dependency,
  load: { sigma: 0.15, memoryS: 120 },
  neighbour: { perSecond: 1 / 3600, seconds: [60, 180], strength: [1.2, 1.6] },
};

export interface WorldSettings {
  readonly seed: number;
  readonly pollMs: number;
  /** Per node. */
  readonly requestsPerSecond: number;
  readonly medianLatencyMs?: number;
  readonly surroundings?: Surroundings;
  readonly release?: Release;
  /** What ran before was like this on so many nodes, from the first to be moved; absent: on all. */
  readonly before?: Ailment & { readonly nodes?: number };
}

const MEDIAN_LATENCY_MS = 40;
const LATENCY_SIGMA = 0.5;

/** Something bad that comes, stays and goes; at most one at a time. */
class Trouble {
  private remainingS = 0;
  private strength = 1;

  constructor(
    private readonly shape: Shape,
    private readonly random: Random,
  ) {}

  next(seconds: number): number {
    this.remainingS -= seconds;
    if (this.remainingS > 0) return this.strength;
    if (this.random() >= this.shape.perSecond * seconds) return 1;
    const between = ([low, high]: readonly [number, number]) => low + (high - low) * this.random();
    this.remainingS = between(this.shape.seconds);
    this.strength = between(this.shape.strength);
    return this.strength;
  }
}

interface Effect {
  readonly errors: number;
  readonly latency: number;
  readonly cpu: number;
  readonly memory: number;
}

const NO_EFFECT: Effect = { errors: 0, latency: 1, cpu: 1, memory: 1 };

export interface NodePoll {
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

export class World {
  private readonly random: Random;
  private readonly load: Surroundings['load'];
  private readonly burst: Trouble;
  private readonly dependency: Trouble;
  private readonly neighbours: Trouble[];
  private readonly sawtoothPhase: number[];
  private drift = 0;
  private nowS = 0;
  readonly movedAtS: (number | undefined)[];
  readonly history: NodePoll[][] = [];

  constructor(
    private readonly settings: WorldSettings,
    nodes: number,
  ) {
    const { seed, surroundings = rough } = settings;
    this.random = seeded(seed);
    this.load = surroundings.load;
    this.burst = new Trouble(surroundings.loadBurst, this.random);
    this.dependency = new Trouble(surroundings.dependency, this.random);
    this.neighbours = Array.from(
      { length: nodes },
      () => new Trouble(surroundings.neighbour, this.random),
    );
    this.sawtoothPhase = Array.from({ length: nodes }, () => 90 * this.random());
    this.movedAtS = Array.from({ length: nodes }, () => undefined);
  }

  move(nodes: readonly number[]): void {
    for (const node of nodes) this.movedAtS[node] = this.nowS;
  }

  /** One poll of every node. */
  poll(): NodePoll[] {
    const seconds = this.settings.pollMs / 1000;
    this.nowS += seconds;
    const { sigma, memoryS } = this.load;
    const kept = exp(-seconds / memoryS);
    this.drift = kept * this.drift + sqrt(1 - kept ** 2) * sigma * normal(this.random);
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
    const median = (this.settings.medianLatencyMs ?? MEDIAN_LATENCY_MS) * slower;
    const expected = this.settings.requestsPerSecond * seconds * load;
    let n = 0;
    const counts = bucketChances(median).map((chance) => {
      const count = chance * expected < 1e-6 ? 0 : poisson(this.random, chance * expected);
      n += count;
      return count;
    });
    const share = Math.min(1, 0.002 + 0.025 * (dependency - 1) + effect.errors);
    const cores = effect.cpu === 0 ? 0 : 0.1 + 0.4 * load * effect.cpu;
    const cpu = cores * (1 + 0.04 * normal(this.random));
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
    return Math.max(0, (400 + (60 * atStart) / 90) * factor + 3 * normal(this.random));
  }

  private effectBefore(node: number): Effect {
    const { before } = this.settings;
    if (!before || node >= (before.nodes ?? Infinity)) return NO_EFFECT;
    return {
      errors: before.errorPoints / 100,
      latency: before.latencyFactor,
      cpu: before.cpuFactor,
      memory: before.memoryFactor,
    };
  }

  private effectOn(node: number): Effect {
    const release = this.settings.release ?? {};
    const movedAtS = this.movedAtS[node];
    const ageS = movedAtS === undefined ? -1 : this.nowS - movedAtS;
    if (ageS < 0) return this.effectBefore(node);
    if (ageS <= (release.outageS ?? 0)) return { errors: 1, latency: 0.1, cpu: 0.1, memory: 1 };
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
