import { stateMachine } from '../kernel/state-machine.js';
import type { RunStatus } from '../engine/run.js';

/** The one table of a deployment's statuses. A terminal status is final; nothing leaves it. */
export const deploymentStates = stateMachine<RunStatus>('deployment', 'Pending', {
  /** Waiting for its checks or for its slot. */
  Pending: ['PendingApproval', 'Running', 'Failed', 'Cancelled', 'Rejected'],
  PendingApproval: ['Pending', 'Failed', 'Cancelled', 'Rejected'],
  Running: ['Paused', 'RollingBack', 'Succeeded', 'Failed', 'Cancelled'],
  Paused: ['Running', 'RollingBack', 'Failed', 'Cancelled'],
  /** Taking back what has moved; ends as its `ending` says. */
  RollingBack: ['RolledBack', 'RollbackFailed', 'Cancelled'],
  Succeeded: [],
  /** Ended without having taken anything back. */
  Failed: [],
  RolledBack: [],
  RollbackFailed: [],
  Cancelled: [],
  Rejected: [],
});

export const VERBS = ['pause', 'resume', 'promote', 'cancel'] as const;
export type Verb = (typeof VERBS)[number];

/** In which statuses a verb may be asked for. Everything else is 409 with the present status. */
export const verbStates: Readonly<Record<Verb, readonly RunStatus[]>> = {
  pause: ['Running'],
  resume: ['Paused'],
  /** And only while a gate is open that does not say `unstable`. */
  promote: ['Running'],
  cancel: ['Pending', 'PendingApproval', 'Running', 'Paused'],
};

export const RETURNS = ['rollback', 'retry'] as const;
export type Return = (typeof RETURNS)[number];

/** After which statuses a new deployment may go back, or try again. */
export const returnStates: Readonly<Record<Return, readonly RunStatus[]>> = {
  /** Cancelled: it may have been told to leave the nodes as they were. */
  rollback: ['Succeeded', 'RollbackFailed', 'Cancelled'],
  retry: ['Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'],
};

/** What is over counts as finished; everything else holds or waits for its slot. */
export const activeStatuses: readonly RunStatus[] = deploymentStates.states.filter(
  (status) => !deploymentStates.isTerminal(status),
);
