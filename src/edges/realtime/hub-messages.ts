import { z } from 'zod';
import type { RunStatus } from '../../engine/run.js';
import type { DeploymentSummary } from '../../deployments/deployments.dto.js';
import type { GateReading, Verdict } from '../../deployments/gates/gate.js';
import { limits } from '../../kernel/limits.js';
import { uuid } from '../../kernel/text.js';
import { liveLimits } from './live-limits.js';

/** What travels on `/hubs/deployment`: names, forms and payloads. */
export const HUB_NAMESPACE = '/hubs/deployment';

export const subscription = z.strictObject({
  deploymentId: uuid,
  /** The last sequence that the client has seen; without it, only what comes from now on. */
  afterSequence: z.int().min(0).max(limits.journalEntries).optional(),
});
export type Subscription = z.infer<typeof subscription>;

export const unsubscription = z.strictObject({ deploymentId: uuid });
export type Unsubscription = z.infer<typeof unsubscription>;

const seen = z
  .record(uuid, z.int().min(0).max(limits.journalEntries))
  .refine((each) => Object.keys(each).length <= liveLimits.seenDeployments, {
    error: `at most ${liveLimits.seenDeployments} deployments`,
  });

/**
 * With `since`, null at first: what began, went on or ended since is told before what is new. `seen`: the last
 * sequence of each deployment that the client knows, so that nothing comes twice.
 */
export const subscriptionToAll = z.union([
  z.undefined(),
  z.null(),
  z.strictObject({ since: z.iso.datetime({ offset: true }).nullable(), seen: seen.default({}) }),
  z.strictObject({}),
]);
export type SubscriptionToAll = z.infer<typeof subscriptionToAll>;

/** A message that carries nothing: no body, null or an empty object. */
export const nothing = z.union([z.undefined(), z.null(), z.strictObject({})]);

/** The acknowledgement of a subscription: where the deployment is at this moment. */
export interface Standing {
  readonly deploymentId: string;
  readonly status: RunStatus;
  readonly sequence: number;
}

/** One line of the snapshot that acknowledges SubscribeToAllDeployments. */
export interface SnapshotLine {
  readonly id: string;
  readonly status: RunStatus;
  readonly sequence: number;
}

/** A line of FollowingAll: its events after `after` come next, those up to `sequence` before all live ones. */
export interface FollowedLine extends SnapshotLine {
  readonly after: number;
}

/** The acknowledgement of SubscribeToAllDeployments with `since`. */
export interface FollowingAll {
  /** For the next time. */
  readonly since: string;
  /** False: what ended meanwhile is told only of deployments in `seen`, for the reason below. */
  readonly isResumed: boolean;
  /** Null: there was nothing to resume, or it is resumed. */
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly active: readonly FollowedLine[];
  /** Over, and not yet seen to its end. */
  readonly ended: readonly FollowedLine[];
}

export type FollowingAnswer = readonly SnapshotLine[] | FollowingAll;

/** To those who subscribed with `since`, every few seconds: what happened until then has been sent. */
export interface DeploymentsUpTo {
  readonly since: string;
}

/** The last word to a socket that is cut, where it still reads. */
export interface SocketCut {
  readonly code: string;
  readonly message: string;
}

export interface DeploymentStatusChanged {
  readonly deploymentId: string;
  readonly sequence: number;
  readonly status: RunStatus;
  readonly previousStatus: RunStatus | null;
  readonly at: string;
}

export interface DeploymentProgress {
  readonly deploymentId: string;
  /** The same as before when only `waitingOn` has changed. */
  readonly sequence: number;
  readonly step: string | null;
  readonly wave: number;
  readonly percent: number;
  /** As it is now; null in events from the past and while nothing is waited for. */
  readonly waitingOn: DeploymentSummary['waitingOn'];
  readonly at: string;
}

/** People are asked to decide before it starts. */
export interface ApprovalRequested {
  readonly deploymentId: string;
  readonly sequence: number;
  readonly requestNumber: number;
  readonly subjectDigest: string;
  readonly deadlineAt: string;
  /** Their names. */
  readonly rules: readonly string[];
  readonly at: string;
}

/** Something was said about it, or has become of what was said. */
export interface ApprovalDecided {
  readonly deploymentId: string;
  readonly sequence: number;
  readonly requestNumber: number;
  readonly subjectDigest: string;
  /** `given`, `granted`, `rejected`, `commented`, `withdrawn`, `voided`, `reopened`, `expired`, `replaced`. */
  readonly decision: string;
  readonly by: string;
  /** The comment, or why. */
  readonly reason: string | null;
  readonly at: string;
}

/** The latest look of a gate; looks between two of these are not sent. */
export interface DeploymentGateChecked {
  readonly deploymentId: string;
  readonly step: string;
  readonly reading: GateReading;
  /** The largest allowed value of each measure, where there is one. */
  readonly limits: Readonly<Record<string, number | null>>;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly at: string;
}

export interface HubEvents {
  DeploymentStatusChanged: DeploymentStatusChanged;
  DeploymentProgress: DeploymentProgress;
  DeploymentGateChecked: DeploymentGateChecked;
  ApprovalRequested: ApprovalRequested;
  ApprovalDecided: ApprovalDecided;
  DeploymentsUpTo: DeploymentsUpTo;
}
export type HubEventName = keyof HubEvents;
