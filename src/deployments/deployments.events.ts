/** What people do with deployments, and what the engine then does with them. */
import type { RunStatus } from '../engine/run.js';
import { eventType, type Event } from '../platform/events/event.js';
import { Topic } from '../platform/signal/topics.js';
import type { CameBy } from './deployments.store.js';
import type { StatusChanged } from './runs/run-rows.js';
import type { Verb } from './verbs/verbs.js';

/** What the audit trail keeps of a new deployment. */
export type DeploymentCreated = {
  readonly module: string;
  readonly version: string;
  readonly subjectDigest: string;
  /** Where it comes from, why, whom it supersedes and what is known against it. */
  readonly [about: string]: unknown;
};

const created = (name: string) =>
  eventType<DeploymentCreated>({
    name,
    subject: 'deployment',
    audit: 'deployments',
    hint: Topic.Deployment,
  });

export const deploymentCreated: Readonly<Record<CameBy, ReturnType<typeof created>>> = {
  deploy: created('deployment-created'),
  rollback: created('rollback-created'),
  retry: created('retry-created'),
};

/** As the journal keeps it. */
export type VerbRequested = {
  readonly number: number;
  readonly verb: Verb;
  readonly reason?: string;
  /** What became of a hook that was cut off, and on which node. */
  readonly outcome?: string;
  readonly node?: string;
};

const requested = (name: string) =>
  eventType<VerbRequested>({
    name,
    subject: 'deployment',
    audit: 'deployments',
    hint: Topic.Deployment,
  });

export const verbRequested: Readonly<Record<Verb, ReturnType<typeof requested>>> = {
  pause: requested('pause-requested'),
  resume: requested('resume-requested'),
  promote: requested('promote-requested'),
  cancel: requested('cancel-requested'),
};

export type StatusRecorded = {
  readonly previousStatus: RunStatus;
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly by: string;
};

const changed = (name: string) =>
  eventType<StatusRecorded>({ name, subject: 'deployment', audit: 'deployments' });

const changedTo: Readonly<Record<RunStatus, ReturnType<typeof changed>>> = {
  Pending: changed('deployment-queued'),
  PendingApproval: changed('deployment-approval-requested'),
  Running: changed('deployment-started'),
  Paused: changed('deployment-paused'),
  RollingBack: changed('deployment-rollback-started'),
  Succeeded: changed('deployment-succeeded'),
  Failed: changed('deployment-failed'),
  RolledBack: changed('deployment-rolled-back'),
  RollbackFailed: changed('deployment-rollback-failed'),
  Cancelled: changed('deployment-cancelled'),
  Rejected: changed('deployment-rejected'),
};
const resumed = changed('deployment-resumed');

/**
 * People's verbs are recorded where they are asked for. What the engine then does, or does by itself
 * (a release taken back at night), belongs in the same trail.
 */
export function statusChanged({
  id,
  from,
  to,
  reason,
  actor,
}: StatusChanged): Event<StatusRecorded> {
  const type = from === 'Paused' && to === 'Running' ? resumed : changedTo[to];
  const failed = to === 'Failed' || to === 'RollbackFailed';
  const body = { previousStatus: from, status: to, reason, by: actor };
  return type(id, body, failed ? 'failed' : 'allowed');
}
