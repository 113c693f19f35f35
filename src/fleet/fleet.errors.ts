import type { ErrorCode } from '../platform/http/error-codes.js';

/** What environments, clusters and nodes can answer. */
export const fleetErrors = [
  {
    code: 'environment-not-found',
    kind: 'not-found',
    meaning: 'The tenant has no environment of that name. `GET /environments` lists them.',
  },
  {
    code: 'environment-exists',
    kind: 'conflict',
    meaning: 'The tenant has an environment of that name, perhaps written with other capitals.',
  },
  {
    code: 'environment-limit',
    kind: 'limit',
    meaning: 'The tenant has as many environments as there may be.',
  },
  {
    code: 'cluster-not-found',
    kind: 'not-found',
    meaning: 'The environment has no such cluster. `GET /clusters?environment=…` lists them.',
  },
  {
    code: 'cluster-required',
    kind: 'conflict',
    meaning: 'The environment has several clusters: name one of `details.clusters`.',
  },
  {
    code: 'cluster-exists',
    kind: 'conflict',
    meaning: 'The environment has a cluster of that name.',
  },
  {
    code: 'cluster-limit',
    kind: 'limit',
    meaning: 'The environment has as many clusters as there may be.',
  },
  {
    code: 'node-not-found',
    kind: 'not-found',
    meaning: 'There is no such node, or it was revoked.',
  },
  {
    code: 'enrollment-token-limit',
    kind: 'limit',
    meaning: 'Too many unused tokens for this cluster. Use them, or wait until they expire.',
  },
  {
    code: 'unknown-target',
    kind: 'invalid',
    meaning: 'There is no such sort of target. `details.known` lists them.',
  },
  {
    code: 'if-match-required',
    kind: 'precondition-required',
    meaning: 'Send If-Match with the version that you have read.',
  },
  {
    code: 'version-mismatch',
    kind: 'precondition',
    meaning:
      'The resource has been changed since you read it. Read it again and repeat the change.',
  },
] as const satisfies readonly ErrorCode[];
