/**
 * The kinds of steps that deployments are made of: what a plan tells each of them, and what it leaves
 * for later ones. Strategies plan with these; each has its handler in ../steps/.
 */
import type { Smoke } from '../../kernel/smoke-test.js';
import { defineStep } from '../../engine/step-type.js';
import type { Moving } from '../../engine/plan.js';
import type { Broken, GateBaseline, GateParams } from '../gates/gate.js';

const preflight = defineStep<
  Record<never, never>,
  {
    readonly signed: boolean;
    readonly artifactBytes: number;
    readonly verifiedInMs: number;
    /** Versions that could be gone back to. */
    readonly wayBack: readonly string[];
    readonly noWayBack?: readonly string[];
  }
>({
  kind: 'preflight',
  title: 'Check signature, artifact and the way back',
  effects: ['check'],
});

/** Before it there is nothing to approve, and after it nothing is asked any more but whether it still stands. */
const approval = defineStep({
  kind: 'approval',
  title: 'Ask those who must approve',
  effects: ['check'],
});

const slot = defineStep({
  kind: 'slot',
  title: 'Take the slot of this cluster',
  effects: ['check'],
});

const recheck = defineStep<
  Record<never, never>,
  { readonly noWayBack?: readonly string[]; readonly warnings?: readonly string[] }
>({
  kind: 'recheck',
  title: 'Check again what may have changed meanwhile',
  effects: ['check'],
});

const serving = defineStep<
  {
    /** Id of the step that moves the batch. */
    readonly moveStep: string;
    /** Nodes of the rollout that may be away at once. */
    readonly maxUnavailable: number;
    /** Nodes of the batch that go on serving while they move, because old and new overlap. */
    readonly maxSurge: number;
  },
  { readonly serving: number }
>({ kind: 'serving', title: 'Check that enough nodes serve', effects: ['check'] });

/** A gate by its kind, with its parameters. */
export interface GateUse {
  readonly kind: string;
  readonly params: GateParams;
}

const baseline = defineStep<
  { readonly gate: GateUse },
  {
    readonly firstRelease: boolean;
    readonly wave: GateBaseline | null;
    readonly earlier: GateBaseline | null;
    readonly control: GateBaseline | null;
    readonly broken?: { readonly wave?: Broken; readonly earlier?: Broken };
    /** Untouched nodes that were broken, by id: they are not asked what happens to all. */
    readonly controlLeftOut?: readonly string[];
  }
>({ kind: 'baseline', title: 'Read how these nodes behaved before', effects: ['check'] });

const move = defineStep<
  Moving & {
    readonly signatureRequired: boolean;
    /** HTTP checks on each node before the release counts as healthy there. */
    readonly smoke?: Smoke;
  },
  /** In the plan's order and without ids: those of a whole wave do not fit into a journal entry. */
  { readonly generations: readonly (number | null)[] }
>({ kind: 'move', title: 'Tell nodes what to run', effects: ['move'] });

const converge = defineStep<
  /** Id of the step that moved them. */
  { readonly moveStep: string },
  {
    readonly settled: number;
    /** By name, going forward. */
    readonly leftOut?: readonly string[];
    /** Going back. */
    readonly lost?: number;
    readonly down?: number;
    readonly message?: string;
  }
>({ kind: 'converge', title: 'Wait until nodes run what they were told', effects: ['converge'] });

const gate = defineStep<
  {
    readonly gate: GateUse;
    /** The wave whose baseline is its nodes', when it is not their own. */
    readonly baselineWave?: number;
  },
  {
    /** Where the next gate of its kind goes on. */
    readonly trend?: readonly number[];
    readonly [shown: string]: unknown;
  }
>({ kind: 'gate', title: 'Watch until the wave has settled', effects: ['gate'] });

const keep = defineStep<
  { readonly keepMs: number },
  {
    readonly down?: number;
    readonly message?: string;
    readonly promoted?: true;
    readonly by?: string;
    readonly reason?: string;
  }
>({ kind: 'keep', title: 'Keep what ran before warm', effects: ['check'] });

/** Every kind of step that a deployment may have. */
export const stepTypes = {
  preflight,
  approval,
  slot,
  recheck,
  serving,
  baseline,
  move,
  converge,
  gate,
  keep,
};
