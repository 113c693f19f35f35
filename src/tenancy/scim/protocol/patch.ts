/**
 * PATCH of RFC 7644, section 3.5.2, as Entra ID and Okta send it: operations with capitals or without, with
 * a path or with paths as the keys of the value, and members that are removed by a list or by a filter.
 * Pure: the resource before and the operations make the one after.
 */
import { limits } from '../../../kernel/limits.js';
import { type Attribute, type ResourceKind } from './attributes.js';
import type { Filter } from './filter.js';
import { matches } from './filter-matches.js';
import { parsePath, type PatchPath } from './patch-path.js';
import {
  type Complex,
  objectOf,
  readComplex,
  readSimple,
  readValue,
  type Resource,
  type Value,
} from './resource.js';
import {
  scimReadOnly,
  scimSyntaxInvalid,
  scimTargetMissing,
  scimValueInvalid,
} from './scim.errors.js';

export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

type Verb = 'add' | 'replace' | 'remove';

interface Operation {
  readonly verb: Verb;
  readonly path?: string;
  readonly value: unknown;
}

/** Throws the errors of `scim.errors.ts` that are about a body. */
export function patched(kind: ResourceKind, before: Resource, body: unknown): Resource {
  let resource = before;
  for (const operation of operationsOf(body)) resource = applied(kind, resource, operation);
  return resource;
}

function operationsOf(body: unknown): Operation[] {
  const given = objectOf(body, 'The body');
  const key = Object.keys(given).find((name) => name.toLowerCase() === 'operations');
  const list = key === undefined ? undefined : given[key];
  if (!Array.isArray(list) || list.length === 0) {
    throw scimSyntaxInvalid(`A PATCH has "schemas": ["${PATCH_SCHEMA}"] and "Operations".`);
  }
  if (list.length > limits.scimOperations) {
    throw scimSyntaxInvalid(`A PATCH has at most ${limits.scimOperations} operations.`);
  }
  return (list as unknown[]).map(operationOf);
}

function operationOf(given: unknown): Operation {
  const { op, path, value } = objectOf(given, 'An operation');
  const verb = typeof op === 'string' ? op.toLowerCase() : '';
  if (verb !== 'add' && verb !== 'replace' && verb !== 'remove') {
    throw scimSyntaxInvalid('The "op" of an operation is "add", "replace" or "remove".');
  }
  if (path === undefined || path === null || path === '') return { verb, value };
  if (typeof path !== 'string') throw scimSyntaxInvalid('The "path" of an operation is a text.');
  return { verb, path, value };
}

function applied(kind: ResourceKind, resource: Resource, operation: Operation): Resource {
  const { verb, path, value } = operation;
  if (path !== undefined) {
    const target = parsePath(kind, path);
    if (!target) return resource;
    if (target.attribute.mutability === 'readOnly') throw readOnly(target.attribute);
    return written(resource, target, { verb, value });
  }
  if (verb === 'remove') throw scimTargetMissing('To remove something, say its "path".');
  let after = resource;
  for (const [key, each] of Object.entries(objectOf(value, 'The value without a path'))) {
    const target = parsePath(kind, key);
    // Okta repeats the id.
    if (!target || target.attribute.mutability === 'readOnly') continue;
    after = written(after, target, { verb, value: each });
  }
  return after;
}

interface Change {
  readonly verb: Verb;
  readonly value: unknown;
}

function written(resource: Resource, target: PatchPath, change: Change): Resource {
  const { attribute, filter, part } = target;
  const before = resource[attribute.name];
  if (!attribute.multiValued) {
    const after = part
      ? withPart(before as Complex | undefined, { part, ...change })
      : single(attribute, before, change);
    return withValue(resource, attribute, after);
  }
  const list = (before ?? []) as readonly Complex[];
  if (filter) return withValue(resource, attribute, chosen(list, { ...target, filter }, change));
  // `emails.value` without saying which: all of them.
  if (part) return withValue(resource, attribute, withParts(list, { part, ...change }));
  return withValue(resource, attribute, listed(attribute, list, change));
}

function withValue(resource: Resource, attribute: Attribute, value: Value | undefined): Resource {
  const { [attribute.name]: _before, ...others } = resource;
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
  if (!isEmpty) return { ...others, [attribute.name]: value };
  if (attribute.required) throw readOnly(attribute);
  return others;
}

function single(
  attribute: Attribute,
  before: Value | undefined,
  { verb, value }: Change,
): Value | undefined {
  if (verb === 'remove') return undefined;
  const given = readValue(attribute, value);
  if (attribute.type !== 'complex' || given === undefined) return given;
  // The parts that it names; the others stay.
  return { ...(before as Complex | undefined), ...(given as Complex) };
}

function withPart(
  before: Complex | undefined,
  { part, verb, value }: Change & { readonly part: Attribute },
): Complex | undefined {
  const { [part.name]: _before, ...others } = before ?? {};
  const given = verb === 'remove' ? undefined : readSimple(part, value);
  if (given !== undefined) return { ...others, [part.name]: given };
  return Object.keys(others).length === 0 ? undefined : others;
}

function withParts(
  list: readonly Complex[],
  change: Change & { readonly part: Attribute },
): readonly Complex[] {
  return list.flatMap((each) => {
    const after = withPart(each, change);
    return after ? [after] : [];
  });
}

function listed(
  attribute: Attribute,
  before: readonly Complex[],
  { verb, value }: Change,
): readonly Complex[] {
  const given = (readValue(attribute, value) ?? []) as readonly Complex[];
  switch (verb) {
    case 'replace':
      return joined(attribute, [], given);
    case 'add':
      return joined(attribute, before, given);
    case 'remove': {
      // Without a list: all of them. Entra ID names those that it means.
      const isAll = value === undefined || value === null;
      const named = new Set(given.map(({ value: each }) => each));
      return isAll ? [] : before.filter(({ value: each }) => !named.has(each));
    }
  }
}

/** Each value once; the first address is the one that was said last to be it. */
function joined(
  attribute: Attribute,
  before: readonly Complex[],
  given: readonly Complex[],
): readonly Complex[] {
  const isFirst = given.some(({ primary }) => primary === true);
  const kept = isFirst ? before.map(withoutPrimary) : before;
  const keyOf = (each: Complex) => String(each['value'] ?? JSON.stringify(each));
  const all = new Map([...kept, ...given].map((each) => [keyOf(each), each]));
  if (all.size > limits.scimValues) {
    throw scimValueInvalid(`"${attribute.name}" has more than ${limits.scimValues} values.`);
  }
  return [...all.values()];
}

function withoutPrimary(each: Complex): Complex {
  const { primary: _primary, ...others } = each;
  return others;
}

function chosen(
  before: readonly Complex[],
  { attribute, filter, part }: PatchPath & { readonly filter: Filter },
  { verb, value }: Change,
): readonly Complex[] {
  const changed = (each: Complex): readonly Complex[] => {
    if (part) {
      const after = withPart(each, { part, verb, value });
      return after ? [after] : [];
    }
    return verb === 'remove' ? [] : [{ ...each, ...readComplex(attribute, value) }];
  };
  if (before.some((each) => matches(filter, each))) {
    return before.flatMap((each) => (matches(filter, each) ? changed(each) : [each]));
  }
  // Who is not in it already is out of it.
  if (verb === 'remove') return before;
  return [...before, ...newOne(filter).flatMap(changed)];
}

/** Entra ID sets `emails[type eq "work"].value` of somebody without such an address, and means a new one. */
function newOne(filter: Filter): readonly Complex[] {
  if (filter.kind === 'compare' && filter.by === 'eq') {
    const { path, value } = filter;
    const isSaid = typeof value === 'string' || typeof value === 'boolean';
    if (isSaid && !path.part) {
      const given = readSimple(path.attribute, value);
      return [given === undefined ? {} : { [path.attribute.name]: given }];
    }
  }
  throw scimTargetMissing('No value fits the filter of the path.');
}

const readOnly = ({ name }: Attribute) =>
  scimReadOnly(`"${name}" is not for a directory to change, or cannot be without a value.`);
