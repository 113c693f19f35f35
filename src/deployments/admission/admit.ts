/**
 * Whether a rollout may begin by the caps of its cluster, its environment and its tenant, and who may
 * look next. Pure. Whoever has waited longer for the same cap goes first: places that are free but
 * fewer than those ahead are theirs, or a steady stream of new ones would keep the old waiting.
 */

/** A cap that holds for a rollout, and what is in flight under it without that rollout. */
export interface Scope {
  readonly kind: 'cluster' | 'environment' | 'tenant';
  readonly id: string;
  readonly name: string;
  /** Null: as many as like. */
  readonly max: number | null;
  readonly inFlight: number;
  /** How many have waited for this cap longer; counted no further than there are places. */
  readonly ahead: number;
  /** Who has waited longest for this cap, of all others. */
  readonly oldestId: string | null;
}

/** Narrowest first: a full cluster is named before a full tenant. Null: it may begin. */
export function capInTheWay(scopes: readonly Scope[]): Scope | null {
  const order = ['cluster', 'environment', 'tenant'] as const;
  const isInTheWay = (scope: Scope) => scope.ahead >= placesOf(scope);
  return (
    order
      .map((kind) => scopes.find((scope) => scope.kind === kind && isInTheWay(scope)))
      .find((scope) => scope !== undefined) ?? null
  );
}

/** Those that would fit now, after so many more have begun: one for each cap, each wakes the next. */
export function nextToLook(scopes: readonly Scope[], begun: 0 | 1): string[] {
  const fitting = scopes.filter((scope) => placesOf(scope) - begun > 0);
  return [...new Set(fitting.map(({ oldestId }) => oldestId))].filter((id) => id !== null);
}

export function capacityDetail({ kind, name, max, inFlight }: Scope): string {
  const where =
    kind === 'tenant' ? 'in this tenant' : `${kind === 'cluster' ? 'on' : 'in'} ${kind} "${name}"`;
  const rest = inFlight < Number(max) ? ', and older ones wait for the rest' : '';
  return `waits for capacity ${where}: ${inFlight} of ${max} rollouts are in flight${rest}. It continues when one of them ends`;
}

function placesOf({ max, inFlight }: Scope): number {
  return max === null ? Infinity : max - inFlight;
}
