/**
 * A plan: the immutable, linear list of typed steps that a strategy leaves behind. Nothing is left
 * to decide but when. No DAG: waves come one after the other by their nature.
 */
export interface Plan {
  readonly role: 'forward' | 'undo';
  readonly steps: readonly Step[];
}

/** What a step does to the world: whoever checks a plan reasons about these, not about kinds. */
export type StepEffect = 'check' | 'move' | 'converge' | 'gate';

export interface Step<P extends StepParams = StepParams> {
  /** Unique in its plan: `preflight`, `w2.move`. */
  readonly id: string;
  /** Names the handler. */
  readonly kind: string;
  readonly effects: readonly StepEffect[];
  /** 1-based; 0 for what comes before the first wave. */
  readonly wave: number;
  readonly title: string;
  /** Budget from its start to its end; does not run while the deployment is paused. */
  readonly deadlineMs: number;
  readonly params: P;
}

export type StepParams = Readonly<Record<string, unknown>>;

/** The pair that a node runs: rolling back restores both. */
export interface Pair {
  readonly releaseId: string;
  readonly releaseDigest: string;
  readonly configurationId: string | null;
}

/** One node of a move: where it comes from is part of the plan, so that undoing decides nothing. */
export interface NodeMove {
  readonly nodeId: string;
  readonly name: string;
  /** What it runs now; null: nothing, so undoing means absent. */
  readonly from: Pair | null;
  /** What it shall run; null: absent. */
  readonly to: Pair | null;
  /**
   * Both run side by side: `to` with this percentage of the node's traffic (0: started and healthy,
   * but without any), `from` with the rest. Absent: `to` alone.
   */
  readonly percent?: number;
  /** Of what the node ran before the rollout: it was down there. Going back brings that back. */
  readonly wasDown?: WasDown;
}

export interface WasDown {
  readonly version: string;
  /** Why, in a word: `crash-loop`. */
  readonly code: string;
}

/** What every step that moves has among its parameters. */
export type Moving = { readonly nodes: readonly NodeMove[] };

/** It changes what would have to be taken back. */
export function isMove(step: Step): boolean {
  return step.effects.includes('move');
}

export function movesOf(step: Step): readonly NodeMove[] {
  return isMove(step) ? (step.params as Moving).nodes : [];
}

/** Every node that the plan moves, once, whatever the number of its moves. */
export function nodesOf(plan: Plan): NodeMove[] {
  const moves = plan.steps.flatMap(movesOf);
  return [...new Map(moves.map((move) => [move.nodeId, move])).values()];
}

export function waveCount(plan: Plan): number {
  return plan.steps.reduce((most, step) => Math.max(most, step.wave), 0);
}
