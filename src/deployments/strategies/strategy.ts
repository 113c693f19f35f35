import type { ZodType } from 'zod';
import type { SmokeTest } from '../../kernel/smoke-test.js';
import type { RegistryEntry } from '../../kernel/registry.js';
import type { Pair, Plan, WasDown } from '../../engine/plan.js';

/** A node that serves now and may be moved. */
export interface PlanNode {
  readonly nodeId: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What it runs now; null: nothing of this module. */
  readonly from: Pair | null;
  /** What it runs is down there: it crash-loops, say. Then the node does not serve. */
  readonly wasDown?: WasDown;
}

export interface GateChoice {
  readonly kind: string;
  readonly params: Readonly<Record<string, string | number>>;
  /** The longest that the gate may take; the step's deadline follows from it. */
  readonly maxWaitMs: number;
}

/** Everything a strategy may know. Nodes come sorted by name. */
export interface StrategyFacts {
  readonly to: Pair;
  readonly nodes: readonly PlanNode[];
  readonly gate: GateChoice;
  /** How long one wave may take to download, start and become healthy. */
  readonly convergeMs: number;
  readonly signatureRequired: boolean;
  /** Old and new may run side by side on a node; otherwise the node does not serve while it moves. */
  readonly overlaps: boolean;
  /** The module serves HTTP, so that a node can share its traffic between two releases. */
  readonly hasTraffic: boolean;
  /** The release's own, from its manifest. */
  readonly smokeTests: readonly SmokeTest[];
  /** Nodes of the cluster that must always serve. */
  readonly minAvailable: number;
  /** People are asked before anything moves, for so long at most; null: nobody is. */
  readonly approval: { readonly deadlineMs: number } | null;
}

/**
 * How a release gets onto the nodes. Pure and synchronous: facts in, an immutable plan out, nothing
 * left to decide. Method syntax, so that strategies with different parameters fit one list.
 */
export interface Strategy<P = unknown> extends RegistryEntry {
  readonly description: string;
  /** Parses a partial object into full parameters: every field has a default. Integers only. */
  readonly params: ZodType<P>;
  plan(facts: StrategyFacts, params: P): Plan;
}
