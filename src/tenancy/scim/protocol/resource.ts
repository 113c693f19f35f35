/** What a directory sends of a user or group, in one spelling and with the types of its attributes. */
import { type Attribute, attributeNamed, type ResourceKind } from './attributes.js';
import { limits } from '../../../kernel/limits.js';
import { scimSyntaxInvalid, scimValueInvalid } from './scim.errors.js';

export type Simple = string | boolean;
export type Complex = Readonly<Record<string, Simple>>;
export type Value = Simple | Complex | readonly Complex[];
/** Only names of attributes that are kept, as `attributes.ts` spells them; what has no value is absent. */
export type Resource = Readonly<Record<string, Value>>;

/** Throws `scim-syntax-invalid`, `scim-value-invalid`. What is ours to give, or not kept, is left out. */
export function readResource(kind: ResourceKind, body: unknown): Resource {
  const given = objectOf(body, 'The body');
  const read: [string, Value][] = [];
  for (const [name, value] of Object.entries(given)) {
    const attribute = attributeNamed(kind.attributes, name);
    if (!attribute || attribute.mutability === 'readOnly') continue;
    const known = readValue(attribute, value);
    if (known !== undefined) read.push([attribute.name, known]);
  }
  return Object.fromEntries(read);
}

/** Undefined: null, empty or not there, which are the same. Throws `scim-value-invalid`. */
export function readValue(attribute: Attribute, value: unknown): Value | undefined {
  if (value === null || value === undefined) return undefined;
  if (!attribute.multiValued) return readOne(attribute, value);
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if (list.length > limits.scimValues) {
    throw scimValueInvalid(`"${attribute.name}" has more than ${limits.scimValues} values.`);
  }
  const read = list.flatMap((each) => {
    // `"members": ["id"]` is no form of RFC 7643, and cannot mean anything else.
    const one = readComplex(attribute, typeof each === 'string' ? { value: each } : each);
    return one === undefined ? [] : [one];
  });
  return read.length === 0 ? undefined : read;
}

function readOne(attribute: Attribute, value: unknown): Simple | Complex | undefined {
  if (attribute.type === 'complex') return readComplex(attribute, value);
  return readSimple(attribute, value);
}

export function readComplex(attribute: Attribute, value: unknown): Complex | undefined {
  const given = objectOf(value, `"${attribute.name}"`);
  const read: [string, Simple][] = [];
  for (const [name, part] of Object.entries(given)) {
    const sub = attributeNamed(attribute.subAttributes ?? [], name);
    if (!sub || sub.mutability === 'readOnly' || part === null) continue;
    const known = readSimple(sub, part);
    if (known !== undefined) read.push([sub.name, known]);
  }
  return read.length === 0 ? undefined : Object.fromEntries(read);
}

/** Entra ID says "True" and "False" where RFC 7643 has booleans. */
export function readSimple({ name, type }: Attribute, value: unknown): Simple | undefined {
  if (value === null || value === undefined) return undefined;
  if (type === 'boolean') {
    if (typeof value === 'boolean') return value;
    const word = typeof value === 'string' ? value.toLowerCase() : '';
    if (word === 'true' || word === 'false') return word === 'true';
    throw scimValueInvalid(`"${name}" must be true or false.`);
  }
  if (typeof value !== 'string') throw scimValueInvalid(`"${name}" must be a text.`);
  if (value === '') return undefined;
  if (value.length > limits.scimTextCharacters) {
    throw scimValueInvalid(`"${name}" is longer than ${limits.scimTextCharacters} characters.`);
  }
  if (/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(value) || !value.isWellFormed()) {
    throw scimValueInvalid(`"${name}" has a control character in it.`);
  }
  return value;
}

/** Throws `scim-syntax-invalid`. */
export function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw scimSyntaxInvalid(`${what} must be an object.`);
}
