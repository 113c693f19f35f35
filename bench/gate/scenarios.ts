/** The worlds and releases that `npm run bench:gate` goes through. */
import {
  defaultGateParams,
  demoGateParams,
} from '../../src/deployments/gates/stabilization/stabilization-params.js';
import type { Release, Rollout } from '../../test/support/gate-simulation/rollout.js';
import { quiet, rough, type Ailment } from '../../test/support/gate-simulation/world.js';

export interface Setting {
  readonly title: string;
  readonly rollout: Omit<Rollout, 'seed' | 'release'>;
  readonly releases: readonly NamedRelease[];
  /** What a naive threshold does there is no question: it rolls back whatever is not as before. */
  readonly withoutNaive?: true;
}

export interface NamedRelease {
  readonly title: string;
  readonly release: Release;
  /** Good ones must pass; bad ones must be stopped. */
  readonly isGood?: true;
}

const identical: NamedRelease = { title: 'identical', release: {}, isGood: true };
const within: NamedRelease = {
  title: 'worse within the limits',
  release: { latencyFactor: 1.08, cpuFactor: 1.05, memoryFactor: 1.05, errorPoints: 0.2 },
  isGood: true,
};
const warmUp: NamedRelease = {
  title: 'warm-up 3x for 60 s',
  release: { warmUpS: 60 },
  isGood: true,
};
const fivePoints: NamedRelease = { title: 'errors +5 points', release: { errorPoints: 5 } };
const twice: NamedRelease = { title: 'p95 x2', release: { latencyFactor: 2 } };

const fix: NamedRelease = { title: 'identical: a fix', release: {}, isGood: true };
const better: NamedRelease = {
  title: 'better, errors +5 points',
  release: { errorPoints: 5 },
};

/** The front answers for it. */
const crashLoop: Ailment = { errorPoints: 100, latencyFactor: 0.01, cpuFactor: 0, memoryFactor: 0 };
const answers500: Ailment = { errorPoints: 100, latencyFactor: 0.05, cpuFactor: 0.1, memoryFactor: 0.6 }; // prettier-ignore
const half: Ailment = { errorPoints: 50, latencyFactor: 0.5, cpuFactor: 0.6, memoryFactor: 0.8 };

const params = defaultGateParams;
const sixNodes = { params, waves: [1, 1, 1, 3], requestsPerSecond: 10, surroundings: quiet };

export const settings: readonly Setting[] = [
  {
    title: 'six nodes in waves of 1, 1, 1, 3; 10 requests/s a node',
    rollout: sixNodes,
    releases: [
      identical,
      within,
      warmUp,
      fivePoints,
      twice,
      { title: 'outage for the first 60 s', release: { outageS: 60 } },
    ],
  },
  {
    title: 'the same on rough machines: each node is slow for two minutes of every hour',
    rollout: { ...sixNodes, surroundings: rough },
    releases: [identical, within, fivePoints, twice],
  },
  {
    title: 'one node a wave, five never moved; 10 requests/s a node',
    rollout: {
      params,
      waves: [1, 1, 1, 1],
      neverMoved: 5,
      requestsPerSecond: 10,
      surroundings: quiet,
    },
    releases: [
      identical,
      { title: 'errors +2 points', release: { errorPoints: 2 } },
      { title: 'p95 x1.3', release: { latencyFactor: 1.3 } },
      { title: '+5 points after 3 min', release: { errorPoints: 5, afterS: 180 } },
      { title: 'leak 1 %/min', release: { leakPercentPerMinute: 1 } },
      { title: 'CPU +30 %', release: { cpuFactor: 1.3 } },
    ],
  },
  {
    title: 'two requests/s a wave',
    withoutNaive: true,
    rollout: { ...sixNodes, requestsPerSecond: 2 },
    releases: [identical, fivePoints, twice],
  },
  {
    title: 'no node left to compare with; 20 requests/s',
    withoutNaive: true,
    rollout: { params, waves: [1], requestsPerSecond: 20, surroundings: quiet },
    releases: [
      identical,
      fivePoints,
      twice,
      { title: 'outage for the first 120 s', release: { outageS: 120 } },
    ],
  },
  {
    title: 'six nodes whose release crash-loops',
    withoutNaive: true,
    rollout: { ...sixNodes, before: crashLoop },
    releases: [fix, better, { title: 'fails as before', release: { errorPoints: 100 } }],
  },
  {
    title: 'six nodes whose release answers 500 at once',
    withoutNaive: true,
    rollout: { ...sixNodes, before: answers500 },
    releases: [fix, better],
  },
  {
    title: 'six nodes whose release fails every other request',
    withoutNaive: true,
    rollout: { ...sixNodes, before: half },
    releases: [fix, better, { title: 'worse, errors +80 points', release: { errorPoints: 80 } }],
  },
  {
    title: 'six nodes, on one of which the release crash-loops',
    withoutNaive: true,
    rollout: { ...sixNodes, before: { ...crashLoop, nodes: 1 } },
    releases: [fix, fivePoints, twice],
  },
  {
    title: 'the same, all in one wave with five never moved',
    withoutNaive: true,
    rollout: { ...sixNodes, waves: [6], neverMoved: 5, before: { ...crashLoop, nodes: 1 } },
    releases: [fix, fivePoints, twice],
  },
  {
    title: 'the demo: polls of 1 s, 20 requests/s a node, a service of 5 ms',
    rollout: {
      params: demoGateParams,
      waves: [1, 1, 1, 3],
      requestsPerSecond: 20,
      medianLatencyMs: 5,
      surroundings: quiet,
    },
    releases: [
      identical,
      { title: 'errors +20 points', release: { errorPoints: 20 } },
      { title: 'p95 x8', release: { latencyFactor: 8 } },
    ],
  },
];
