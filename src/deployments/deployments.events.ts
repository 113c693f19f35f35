/** What people do with deployments. What the engine does with them is in runs/status-audit.ts. */
import { eventType } from '../platform/events/event.js';
import { Topic } from '../platform/signal/topics.js';
import type { CameBy } from './deployments.store.js';
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
