import { clusterNotFound, clusterRequired, environmentNotFound } from '../fleet/fleet.errors.js';
import { idempotencyKeyInFlight, idempotencyKeyReused } from '../platform/http/http.errors.js';
import {
  moduleNotFound,
  releaseNotFound,
  signatureInvalid,
  signatureRequired,
  signingKeyRevoked,
} from '../releases/releases.errors.js';
import { quotaExceeded } from '../kernel/quota.errors.js';
import { approvalImpossible } from './approvals/approvals.errors.js';
import {
  deploymentInProgress,
  deploymentNotFound,
  noServingNodes,
  overrideNotPermitted,
  queueFull,
  releaseRolledBackHere,
  stateNotSuitable,
} from './deployment.errors.js';
import { targetHeld } from './holds/holds.errors.js';
import { frozen } from './windows/freezes.errors.js';
import { invalidGateParams, unknownGate } from './gates/gate.errors.js';
import { planNotPossible, unknownStrategy } from './strategies/strategy.errors.js';

/** What a request can be refused for that only plans. */
export const planningErrors = [
  moduleNotFound,
  releaseNotFound,
  environmentNotFound,
  clusterNotFound,
  clusterRequired,
  noServingNodes,
  planNotPossible,
  signatureRequired,
  signatureInvalid,
  signingKeyRevoked,
  overrideNotPermitted,
  unknownStrategy,
  unknownGate,
  invalidGateParams,
  approvalImpossible,
  releaseRolledBackHere,
];

/** And for what one is that is accepted. */
export const creationErrors = [
  ...planningErrors,
  frozen,
  targetHeld,
  quotaExceeded,
  queueFull,
  deploymentInProgress,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
];

/** What `rollback` and `retry` can be refused for alike. */
export const returnErrors = [
  deploymentNotFound,
  stateNotSuitable,
  approvalImpossible,
  noServingNodes,
  planNotPossible,
  signatureRequired,
  signatureInvalid,
  signingKeyRevoked,
  overrideNotPermitted,
  frozen,
  queueFull,
  deploymentInProgress,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
];
