import { limits } from '../kernel/limits.js';
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

/** What ends a status that nobody ends; a status that could last for ever would be forgotten. */
export interface StatusDeadline {
  readonly name: string;
  /** Null: each step of the plan has its own budget, and no plan is accepted without. */
  readonly ms: number | null;
  readonly then: RunStatus;
}

/** One for every status that is not terminal. */
export const statusDeadlines: Readonly<Partial<Record<RunStatus, StatusDeadline>>> = {
  Pending: { name: 'the budgets of preflight and slot', ms: null, then: 'Failed' },
  /** The shortest timeout of the rules that must be met: 24 hours, where a policy says nothing else. */
  PendingApproval: { name: 'the timeout of the approval', ms: null, then: 'Rejected' },
  Running: { name: 'the budget of each step', ms: null, then: 'RollingBack' },
  Paused: { name: 'the longest pause', ms: limits.pauseMs, then: 'RollingBack' },
  RollingBack: {
    name: 'the budget of each step of the way back',
    ms: null,
    then: 'RollbackFailed',
  },
};

export const RETURNS = ['rollback', 'retry'] as const;
export type Return = (typeof RETURNS)[number];

/** After which statuses a new deployment may go back, or try again. */
export const returnStates: Readonly<Record<Return, readonly RunStatus[]>> = {
  /** Cancelled: it may have been told to leave the nodes as they were. */
  rollback: ['Succeeded', 'RollbackFailed', 'Cancelled'],
  retry: ['Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'],
};

/** Rollbacks go first: in the queue for a slot, and for the engine. */
export type Lane = 'normal' | 'rollback';

/** What is over counts as finished; everything else holds or waits for its slot. */
export const activeStatuses: readonly RunStatus[] = deploymentStates.states.filter(
  (status) => !deploymentStates.isTerminal(status),
);
