/** What people do with deployments, and what the engine then does with them. */
import type { Plan } from '../engine/plan.js';
import type { RunStatus } from '../engine/run.js';
import { eventType, type Event } from '../platform/events/event.js';
import { Topic } from '../platform/signal/topics.js';
import type { CameBy } from './deployments.store.js';
import type { DeploymentSpec } from './planning/deployment-spec.js';
import type { StatusChanged } from './runs/run-rows.js';
import type { Verb } from './verbs/verbs.js';

/** What the audit trail keeps of a new deployment. */
export type DeploymentCreated = {
  readonly module: string;
  readonly version: string;
  readonly subjectDigest: string;
  readonly releaseId: string;
  readonly deployed: Deployed;
  /** Of a pipeline: the token that it showed, whose issue is an entry of its own. */
  readonly workloadTokenId?: string;
  /** Where it comes from, why, whom it supersedes and what is known against it. */
  readonly [about: string]: unknown;
};

/** What is deployed, where and how, as far as nobody can change it any more. */
export type Deployed = {
  readonly releaseDigest: string;
  readonly artifactDigest: string;
  readonly manifestDigest: string | null;
  readonly configuration: {
    readonly id: string;
    readonly number: number | null;
    readonly digest: string;
  } | null;
  readonly environment: string;
  readonly cluster: string;
  readonly strategy: DeploymentSpec['strategy'];
  readonly gate: DeploymentSpec['gate'];
};

export function deployedBy({ release, configuration, ...spec }: DeploymentSpec): Deployed {
  const { releaseDigest, artifactDigest, manifestDigest = null } = release;
  return {
    releaseDigest,
    artifactDigest,
    manifestDigest,
    configuration: configuration && {
      id: configuration.id,
      number: configuration.number ?? null,
      digest: configuration.configurationDigest,
    },
    environment: spec.environment.name,
    cluster: spec.cluster.name,
    strategy: spec.strategy,
    gate: spec.gate,
  };
}

const created = (name: string, audit: 'deployment' | 'rollback' = 'deployment') =>
  eventType<DeploymentCreated>({
    name,
    subject: 'deployment',
    audit,
    hint: Topic.Deployment,
  });

export const deploymentCreated: Readonly<Record<CameBy, ReturnType<typeof created>>> = {
  deploy: created('deployment-created'),
  rollback: created('rollback-created', 'rollback'),
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
    audit: 'deployment',
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
  /** At the end: how many entries there are by then of each action that its receipt relies on. */
  readonly entries?: Readonly<Record<string, number>>;
};

const changed = (name: string) =>
  eventType<StatusRecorded>({ name, subject: 'deployment', audit: 'deployment' });

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
export function statusChanged(
  { id, from, to, reason, actor }: StatusChanged,
  entries?: StatusRecorded['entries'],
): Event<StatusRecorded> {
  const type = from === 'Paused' && to === 'Running' ? resumed : changedTo[to];
  const failed = to === 'Failed' || to === 'RollbackFailed';
  const counted = entries && { entries };
  const body = { previousStatus: from, status: to, reason, by: actor, ...counted };
  return type(id, body, failed ? 'failed' : 'allowed');
}

/** Nodes have been told what to run. Which ones, a digest says: a wave may have thousands of them. */
export const waveMoved = eventType<{
  readonly plan: number;
  readonly role: Plan['role'];
  readonly step: string;
  readonly wave: number;
  readonly nodes: number;
  readonly nodesDigest: string;
}>({ name: 'deployment-wave-moved', subject: 'deployment', audit: 'deployment' });

/** A reading against its limit, in digits. */
export type MeasureJudged = {
  readonly measure: string;
  readonly value: string | null;
  readonly baseline: string | null;
  readonly allowed: string | null;
  readonly ok: boolean | null;
};

/** A gate has said what becomes of a wave, or somebody has in its place. */
export const gateJudged = eventType<{
  readonly plan: number;
  readonly step: string;
  readonly wave: number;
  readonly gate: string;
  readonly outcome: 'passed' | 'refused';
  readonly verdict: string | null;
  readonly reason: string | null;
  readonly samples: number | null;
  readonly requests: number | null;
  readonly measures: readonly MeasureJudged[];
  /** Who has opened it before it had a verdict; null: nobody. */
  readonly promotedBy: string | null;
}>({ name: 'deployment-gate-judged', subject: 'deployment', audit: 'deployment' });
