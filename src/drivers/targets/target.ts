import type { Smoke } from '../../kernel/smoke-test.js';
import type { OpenContext } from '../../platform/context.js';

/**
 * How releases get onto nodes. The engine's steps know this door and nothing behind it. Every
 * method runs in the transaction of `open`; nothing outside the database is called inside one.
 */
export interface Target {
  readonly kind: string;
  readonly title: string;
  /**
   * Makes these releases the desired state of these nodes and answers the generation that each node
   * has to report. Repeating a move of the same deployment changes nothing and answers the same.
   * A node that was revoked or left the cluster is missing from the answer.
   */
  move(open: OpenContext, move: Move): Promise<MovedNode[]>;
  /** What became of it: one observation per node that still exists, in the order asked for. */
  observe(
    open: OpenContext,
    question: { moduleId: string; nodeIds: readonly string[] },
  ): Promise<NodeObservation[]>;
  /** Per node of the cluster, what it runs of the module now: what an undo goes back to. */
  running(open: OpenContext, clusterId: string, moduleId: string): Promise<RunningPair[]>;
  /**
   * What the cluster runs when nothing is in flight. New and returning nodes get it with their next
   * report; nodes of a rollout in flight never do.
   */
  setTarget(open: OpenContext, target: ModuleTarget): Promise<void>;
  /** Only where releases bring hooks along. */
  readonly hooks?: TargetHooks;
  /** Only where nodes send what has failed on them has printed. */
  readonly failureLogs?: TargetFailureLogs;
}

export interface TargetFailureLogs {
  /** Without what was printed, the newest first, `most` at most. */
  heads(open: OpenContext, question: FailureLogQuestion, most: number): Promise<FailureLogHead[]>;
  /** The newest of a node, by its name or id. */
  newest(
    open: OpenContext,
    question: FailureLogQuestion,
    node: string,
  ): Promise<StoredFailureLog | undefined>;
}

/** Of a target whose nodes run hooks. One without never answers the state `outcome-unknown`. */
export interface TargetHooks {
  /** The nodes of a deployment on which a crash has cut off a hook that must not run twice. */
  cut(open: OpenContext, question: HookQuestion): Promise<CutHook[]>;
  /**
   * Tells these nodes what a person has found out about their hook, under the next generation.
   * Nodes whose hook was not cut off, or that were told already, are left alone. Their names.
   */
  answer(open: OpenContext, answer: HookAnswer): Promise<string[]>;
}

export interface DesiredPair {
  readonly releaseId: string;
  readonly releaseDigest: string;
  readonly configurationId: string | null;
  readonly trafficPercent: number;
  /** What ran before, beside the other one: whether it works decides nothing. */
  readonly isKept?: true;
  /** HTTP checks of the new instance on the node; one that fails, fails the node. */
  readonly smoke?: Smoke;
}

export interface Move {
  readonly clusterId: string;
  readonly moduleId: string;
  readonly deploymentId: string;
  /** No releases: the module should be absent. At most two, whose percentages sum up to 100. */
  readonly assignments: readonly {
    readonly nodeId: string;
    readonly releases: readonly DesiredPair[];
  }[];
  readonly signatureRequired: boolean;
}

export interface MovedNode {
  readonly nodeId: string;
  readonly generation: number;
}

export const OBSERVED_STATES = [
  'converging',
  'healthy',
  'absent',
  'failed',
  'refused',
  'outcome-unknown',
] as const;
export type ObservedState = (typeof OBSERVED_STATES)[number];

export interface RunningInstance {
  readonly releaseId: string;
  readonly configurationId: string | null;
  readonly instance: string;
}

/**
 * Reasons of a node for which what it runs is down, for a moment or for longer. It is what the node
 * runs all the same: it was well once, and comes back when its cause is gone.
 */
export const DOWN_CODES: readonly string[] = ['crash-loop', 'unhealthy', 'restarting'];

/** What says nothing against a release: it has ended once, or is about to be started. */
export const PASSING_CODES: readonly string[] = ['restarting', 'not-running'];

/** A release that should serve on a node and does not. */
export interface DownRelease {
  readonly releaseId: string;
  readonly configurationId: string | null;
  readonly code: string;
  readonly message: string;
}

export interface NodeObservation {
  readonly nodeId: string;
  /** The generation desired; 0: never asked to run this module. */
  readonly generation: number;
  /** The generation that `state` answers; 0: it has not said anything about this module. */
  readonly observedGeneration: number;
  readonly state: ObservedState | null;
  readonly running: readonly RunningInstance[];
  readonly reason: { readonly code: string; readonly message: string } | null;
  /** Also those that `state` says nothing of, because they are only kept. Absent: none. */
  readonly down?: readonly DownRelease[];
  readonly lastReportAt: Date | null;
  /** Revoked: the node will never answer again. Lost: no report for limits.nodeLostMs. */
  readonly health: 'Healthy' | 'Unhealthy' | 'Lost' | 'Revoked';
  /** What the node can give to its modules; null: it has not said. */
  readonly cpuMillicores: number | null;
  readonly memoryMiB: number | null;
}

export interface HookQuestion {
  readonly clusterId: string;
  readonly moduleId: string;
  readonly deploymentId: string;
}

export interface FailureLogQuestion {
  readonly moduleId: string;
  readonly deploymentId: string;
  /** What the rollout has told its nodes. */
  readonly moved: readonly MovedNode[];
}

export interface FailureLogHead {
  readonly nodeId: string;
  readonly name: string;
  readonly generation: number;
  /** The instance, or `hook-` and the name of the hook. */
  readonly source: string;
  /** As in the node's reason. */
  readonly code: string;
  readonly at: Date;
}

export interface StoredFailureLog extends FailureLogHead {
  readonly releaseId: string;
  /** Oldest first. */
  readonly lines: readonly string[];
  /** There was more before these. */
  readonly isCut: boolean;
}

export interface CutHook {
  readonly nodeId: string;
  readonly name: string;
  readonly message: string;
}

export interface HookAnswer extends HookQuestion {
  /** One of them, by its name; null: all. */
  readonly node: string | null;
  /** `done`: it has done its work. `retry`: it is run again. */
  readonly outcome: 'done' | 'retry';
}

export interface RunningPair {
  readonly nodeId: string;
  /** Null: nothing of this module runs there. */
  readonly releaseId: string | null;
  readonly releaseDigest: string | null;
  readonly configurationId: string | null;
  readonly version?: string | null;
  /** Why the release is down there, in a word; null: it is not, or only for a moment. */
  readonly down?: string | null;
}

export interface ModuleTarget {
  readonly clusterId: string;
  readonly moduleId: string;
  readonly deploymentId: string;
  readonly releaseId: string;
  readonly configurationId: string | null;
}
