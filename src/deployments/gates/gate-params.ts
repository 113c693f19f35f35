/**
 * An environment sets a gate's parameters; a request may change them for one rollout, but only
 * tighten them. What it loosens needs a permission, so this file says which fields those are.
 */
import { invalidGateParams } from './gate.errors.js';
import type { GateKind, GateParams, Stricter } from './gate.js';

export interface ResolvedGateParams<P extends GateParams> {
  /** What the environment alone says. */
  readonly base: P;
  /** With the request's changes: what the gate runs with. */
  readonly params: P;
  /** Fields that the request loosens; not empty = the override permission is needed. */
  readonly loosened: readonly (keyof P & string)[];
}

/** Merges field by field and validates the whole; a request's bad value names its field. */
export function resolve<P extends GateParams>(
  gate: Pick<GateKind<P, unknown>, 'kind' | 'params' | 'stricter'>,
  environmentDefaults: unknown,
  request: unknown = {},
): ResolvedGateParams<P> {
  const defaults = fields(gate.kind, 'environment', environmentDefaults);
  const changes = fields(gate.kind, 'request', request);
  const base = parse(gate, 'environment', defaults);
  const params = parse(gate, 'request', { ...defaults, ...changes });
  return { base, params, loosened: loosened(gate, params, base) };
}

/** The fields in which `params` is not provably at least as strict as `base`. */
export function loosened<P extends GateParams>(
  gate: Pick<GateKind<P, unknown>, 'stricter'>,
  params: P,
  base: P,
): (keyof P & string)[] {
  const names = Object.keys(gate.stricter) as (keyof P & string)[];
  return names.filter((name) => isLooser(gate.stricter[name], params[name], base[name]));
}

/** Whether the value is not provably at least as strict. */
export function isLooser(direction: Stricter, value: unknown, base: unknown): boolean {
  if (value === base) return false;
  if (Array.isArray(direction)) return direction.indexOf(value) < direction.indexOf(base);
  if (typeof value !== 'number' || typeof base !== 'number') return true;
  if (direction === 'smaller') return value > base;
  if (direction === 'larger') return value < base;
  return true;
}

function fields(kind: string, source: string, value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw invalidGateParams(
      `The ${source}'s gate "${kind}" must be an object of parameters, such as {"minWaitMs": 120000}.`,
    );
  }
  // A field set to undefined means "not set"; it must not hide the environment's value.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}

function parse<P extends GateParams>(
  gate: Pick<GateKind<P, unknown>, 'kind' | 'params'>,
  source: string,
  value: Record<string, unknown>,
): P {
  const parsed = gate.params.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  throw invalidGateParams(
    `The ${source}'s parameters of gate "${gate.kind}" are not valid: ${problems.join('; ')}.`,
    { gate: gate.kind, source, problems },
  );
}
