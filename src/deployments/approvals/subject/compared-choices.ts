/** How a deployment means to go about it, beside what its environment says of itself. */
import type { GateKind, GateParams } from '../../gates/gate.js';
import { isLooser } from '../../gates/gate-params.js';
import { valueDiff, type ValueDiff } from './value-diff.js';

export interface Choice {
  readonly kind: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ComparedLimit {
  readonly name: string;
  readonly value: string | number | null;
  /** Null: the environment has another kind of gate, or no such limit. */
  readonly environment: string | number | null;
  /** `other`: neither is stricter, or nobody can say. */
  readonly standing: 'same' | 'stricter' | 'looser' | 'other';
}

/** Each limit of the gate; the kind itself may be another one, and then there is nothing to compare. */
export function comparedLimits(
  { stricter }: Pick<GateKind, 'stricter'>,
  gate: { readonly kind: string; readonly params: GateParams },
  environment: { readonly kind: string; readonly params: GateParams },
): ComparedLimit[] {
  const own = gate.kind === environment.kind ? environment.params : {};
  const names = new Set([...Object.keys(gate.params), ...Object.keys(own)]);
  return [...names].sort().map((name) => {
    const value = gate.params[name] ?? null;
    const theirs = own[name] ?? null;
    const direction = stricter[name];
    return { name, value, environment: theirs, standing: standingOf(direction, value, theirs) };
  });
}

function standingOf(
  direction: GateKind['stricter'][string] | undefined,
  value: string | number | null,
  theirs: string | number | null,
): ComparedLimit['standing'] {
  if (value === theirs) return 'same';
  if (value === null || theirs === null || direction === undefined) return 'other';
  const isLooserHere = isLooser(direction, value, theirs);
  const isLooserThere = isLooser(direction, theirs, value);
  if (isLooserHere === isLooserThere) return 'other';
  return isLooserHere ? 'looser' : 'stricter';
}

/** What is otherwise than the environment's own: nothing, for most deployments. */
export function otherStrategy(strategy: Choice, environment: Choice): ValueDiff {
  const flat = ({ kind, params }: Choice) => ({ ...params, kind });
  return valueDiff(flat(environment), flat(strategy));
}
