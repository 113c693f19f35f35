/** The worlds and releases that `npm run bench:gate` goes through. */
import {
  defaultGateParams,
  demoGateParams,
} from '../../src/deployments/gates/stabilization/stabilization-params.js';
import type { Release, Rollout } from '../../test/support/gate-simulation/rollout.js';
import { quiet, rough } from '../../test/support/gate-simulation/world.js';

export interface Setting {
  readonly title: string;
  readonly rollout: Omit<Rollout, 'seed' | 'release'>;
  readonly releases: readonly NamedRelease[];
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

const params = defaultGateParams;

export const settings: readonly Setting[] = [
  {
    title: 'six nodes in waves of 1, 1, 1, 3; 10 requests/s a node',
    rollout: { params, waves: [1, 1, 1, 3], requestsPerSecond: 10, surroundings: quiet },
    releases: [identical, within, warmUp, fivePoints, twice],
  },
  {
    title: 'the same on rough machines: each node is slow for two minutes of every hour',
    rollout: { params, waves: [1, 1, 1, 3], requestsPerSecond: 10, surroundings: rough },
    releases: [identical, within, fivePoints, twice],
  },
  {
    title: 'one node a wave, five never moved; 10 requests/s a node',
    rollout: {
      ...{ params, waves: [1, 1, 1, 1], neverMoved: 5 },
      ...{ requestsPerSecond: 10, surroundings: quiet },
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
    rollout: { params, waves: [1, 1, 1, 3], requestsPerSecond: 2, surroundings: quiet },
    releases: [identical, fivePoints, twice],
  },
  {
    title: 'no node left to compare with; 20 requests/s',
    rollout: { params, waves: [1], requestsPerSecond: 20, surroundings: quiet },
    releases: [identical, fivePoints, twice],
  },
  {
    title: 'the demo: polls of 1 s, 20 requests/s a node, a service of 5 ms',
    rollout: {
      ...{ params: demoGateParams, waves: [1, 1, 1, 3], requestsPerSecond: 20 },
      ...{ medianLatencyMs: 5, surroundings: quiet },
    },
    releases: [
      identical,
      { title: 'errors +20 points', release: { errorPoints: 20 } },
      { title: 'p95 x8', release: { latencyFactor: 8 } },
    ],
  },
];
