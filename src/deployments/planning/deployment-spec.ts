import type { SmokeTest } from '../../kernel/smoke-test.js';
import type { ApprovalRule } from '../approvals/rule.js';
import { digestOf, type Digested } from '../../kernel/digest.js';
import type { StartTerms } from '../schedule/start-terms.js';

/**
 * What was asked for, with every default filled in: fixed when the deployment is created. Integers
 * and strings only, because parts of it are hashed as canonical JSON.
 */
export interface DeploymentSpec {
  readonly module: { readonly id: string; readonly name: string };
  readonly release: {
    readonly id: string;
    readonly version: string;
    readonly releaseDigest: string;
    readonly artifactDigest: string;
    /** Absent: from before that was kept. */
    readonly manifestDigest?: string;
  };
  readonly configuration: {
    readonly id: string;
    readonly configurationDigest: string;
    /** Absent: from before that was kept. */
    readonly number?: number;
  } | null;
  readonly environment: { readonly id: string; readonly name: string };
  readonly cluster: {
    readonly id: string;
    readonly name: string;
    readonly targetKind: string;
    readonly minAvailable: number;
  };
  readonly strategy: { readonly kind: string; readonly params: Readonly<Record<string, unknown>> };
  readonly gate: {
    readonly kind: string;
    readonly params: Readonly<Record<string, string | number>>;
  };
  readonly signaturePolicy: 'required' | 'if-present';
  /** Go on although what the nodes run now could not be restored. */
  readonly allowNoRollback: boolean;
  /** Go on although the release was taken back from this cluster by itself. */
  readonly allowRolledBack: boolean;
  /** How long one wave may take until it runs, healthy. */
  readonly convergeMs: number;
  /** Old and new run side by side on a node while it moves. */
  readonly overlaps: boolean;
  /** The module serves HTTP through the nodes' fronts, which can split its traffic. */
  readonly hasTraffic: boolean;
  /** What the release says that it needs; null: it may use all that a node has. */
  readonly memoryMiB: number | null;
  /** The release's own smoke tests. */
  readonly smokeTests: readonly SmokeTest[];
  /** What must be met before it starts, each on its own; none: nobody is asked. */
  readonly approvals: readonly ApprovalRule[];
  /** When, and asked by whom: nothing that is approved. Absent: from before that was kept. */
  readonly start?: StartTerms;
}

/** As it was stored, by whatever version: one that is older than approvals has none. */
export function parseSpec(specText: string): DeploymentSpec {
  return { approvals: [], ...(JSON.parse(specText) as Omit<DeploymentSpec, 'approvals'>) };
}

/** Raise when what an approval covers changes its meaning. */
const POLICY_VERSION = 2;

/**
 * What an approver agrees to. No node ids, no times, no actor: the same subject planned again on
 * other nodes is still what was approved.
 */
export function subjectOf(tenantId: string, spec: DeploymentSpec): Digested {
  return digestOf('subject', {
    tenantId,
    environmentId: spec.environment.id,
    clusterId: spec.cluster.id,
    moduleId: spec.module.id,
    releaseDigest: spec.release.releaseDigest,
    configurationDigest: spec.configuration?.configurationDigest ?? null,
    strategy: spec.strategy,
    gate: spec.gate,
    nodeSelector: null,
    minAvailable: spec.cluster.minAvailable,
    approvals: spec.approvals,
    undo: spec.allowNoRollback ? 'automatic-where-possible' : 'automatic',
    policyVersion: POLICY_VERSION,
  });
}
