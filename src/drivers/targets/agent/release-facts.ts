import type { DesiredModule } from '../../../agent/protocol/protocol.js';
import type { OpenContext } from '../../../platform/context.js';
import type { RunningPair } from '../target.js';

/**
 * What the agent's target has to know of releases, which are floors above it and provide it. Each
 * method is one statement, over what nodes should run and what is known of that.
 */
export abstract class ReleaseFacts {
  /**
   * What the nodes should run whose revision is above `after`: a row for each module, one without a
   * module for a node that has none, with the node and the revision that was asked. From one snapshot:
   * the revision and what it stands for belong together.
   */
  abstract statements(open: OpenContext, asked: readonly StatementKey[]): Promise<StatementRow[]>;
  /** Per node of the cluster, what it runs of the module now. */
  abstract running(open: OpenContext, clusterId: string, moduleId: string): Promise<RunningPair[]>;
  /** The artifact, when the node should run it or should have run it before. */
  abstract artifactFor(
    open: OpenContext,
    nodeId: string,
    artifactDigest: string,
  ): Promise<NodeArtifact | undefined>;
  /** Those of the releases that exist, as a node of the cluster is told of them. */
  abstract told(
    open: OpenContext,
    clusterId: string,
    releaseIds: readonly string[],
  ): Promise<ToldRelease[]>;
}

export interface StatementKey {
  readonly nodeId: string;
  /** As it was asked. */
  readonly after: number;
}

export interface StatementRow extends StatementKey {
  readonly revision: number;
  readonly isRevoked: boolean;
  /** Of the node's cluster. */
  readonly trustedProxies: string[];
  /** Null: the node has no module at all. */
  readonly module: DesiredModule | null;
  /** How many releases the module should have. */
  readonly wanted: number;
}

export interface NodeArtifact {
  readonly clusterId: string;
  readonly bytes: number;
}

export interface ToldRelease {
  readonly releaseId: string;
  readonly releaseDigest: string;
  readonly signatureRequired: boolean;
}
