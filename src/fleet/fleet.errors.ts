import { limits } from '../kernel/limits.js';
import { errorEntry } from '../kernel/error-entry.js';

/** What environments, clusters and nodes can answer. */

export const environmentNotFound = errorEntry({
  code: 'environment-not-found',
  kind: 'not-found',
  meaning: 'The tenant has no environment of that name. `GET /environments` lists them.',
  tell: (which: string) => `There is no environment ${which}. GET /api/v1/environments lists them.`,
});

export const environmentExists = errorEntry({
  code: 'environment-exists',
  kind: 'conflict',
  meaning: 'The tenant has an environment of that name, perhaps with different capitals.',
  tell: (name: string) =>
    `There is an environment "${name}" already. Change it, or choose another name.`,
});

export const environmentLimit = errorEntry({
  code: 'environment-limit',
  kind: 'limit',
  meaning: 'The tenant has reached its limit of environments.',
  tell: () =>
    `A tenant has at most ${limits.environmentsPerTenant} environments. Change an existing one.`,
});

export const clusterNotFound = errorEntry({
  code: 'cluster-not-found',
  kind: 'not-found',
  meaning: 'The environment has no such cluster. `GET /clusters?environment=…` lists them.',
  tell: (text: string) => text,
});

export const clusterRequired = errorEntry({
  code: 'cluster-required',
  kind: 'conflict',
  meaning: 'The environment has several clusters: name one of `details.clusters`.',
  tell: (clusters: readonly string[]) => ({
    text: `The environment has several clusters. Name one as "cluster": ${clusters.join(', ')}.`,
    details: { clusters },
  }),
});

export const clusterExists = errorEntry({
  code: 'cluster-exists',
  kind: 'conflict',
  meaning: 'The environment has a cluster of that name.',
  tell: (name: string, environment: string) =>
    `${environment} has a cluster named "${name}" already. Choose another name.`,
});

export const clusterLimit = errorEntry({
  code: 'cluster-limit',
  kind: 'limit',
  meaning: 'The environment has reached its limit of clusters.',
  tell: () =>
    `An environment has at most ${limits.clustersPerEnvironment} clusters. Use an existing one.`,
});

export const nodeNotFound = errorEntry({
  code: 'node-not-found',
  kind: 'not-found',
  meaning: 'There is no such node, or it was revoked.',
  tell: () => 'There is no node with this id. GET /api/v1/nodes lists them.',
});

export const enrollmentTokenLimit = errorEntry({
  code: 'enrollment-token-limit',
  kind: 'limit',
  meaning: 'Too many unused tokens for this cluster. Use them, or wait until they expire.',
  tell: () =>
    `This cluster has ${limits.enrollmentTokensPerCluster} unused tokens. Use them, or wait until they expire.`,
});

export const unknownTarget = errorEntry({
  code: 'unknown-target',
  kind: 'invalid',
  meaning: 'There is no such kind of target. `details.known` lists them.',
});
