import { limits } from '../../../kernel/limits.js';
import { type Attribute, attributeNamed, isNotKept, type ResourceKind } from './attributes.js';
import { type Filter, parseValueFilter } from './filter.js';
import { scimPathInvalid } from './scim.errors.js';

/** Where a PATCH operation writes: `active`, `name.givenName`, `emails[type eq "work"].value`. */
export interface PatchPath {
  readonly attribute: Attribute;
  /** Which of its values; without one all. */
  readonly filter?: Filter;
  readonly part?: Attribute;
}

const URN = /^urn:/i;

/**
 * Null: an attribute that directories send and that is not kept here, or one of another schema. Throws
 * `scim-path-invalid`, `scim-filter-invalid`.
 */
export function parsePath(kind: ResourceKind, text: string): PatchPath | null {
  if (text.length > limits.scimPathCharacters) throw unreadable(text);
  const path = withoutSchema(kind, text.trim());
  if (path === null) return null;
  const open = path.indexOf('[');
  const close = path.lastIndexOf(']');
  if (open < 0) return plainPath(kind, path);
  const name = path.slice(0, open);
  const attribute = attributeNamed(kind.attributes, name);
  if (!attribute) return unknownOrThrow(name);
  const rest = path.slice(close + 1);
  const isPart = rest === '' || rest.startsWith('.');
  if (close < open || !isPart || !attribute.multiValued) throw unreadable(text);
  const filter = parseValueFilter(attribute, path.slice(open + 1, close));
  if (rest === '') return { attribute, filter };
  const part = attributeNamed(attribute.subAttributes ?? [], rest.slice(1));
  return part ? { attribute, filter, part } : unknownOrThrow(rest.slice(1));
}

function plainPath(kind: ResourceKind, path: string): PatchPath | null {
  const [name = '', sub, ...more] = path.split('.');
  const attribute = attributeNamed(kind.attributes, name);
  if (!attribute) return unknownOrThrow(name);
  if (more.length > 0) throw unreadable(path);
  if (sub === undefined) return { attribute };
  const part = attributeNamed(attribute.subAttributes ?? [], sub);
  return part ? { attribute, part } : unknownOrThrow(sub);
}

/** Null: of a schema that is none of ours. */
function withoutSchema({ schema }: ResourceKind, path: string): string | null {
  if (!URN.test(path)) return path;
  const prefix = `${schema}:`.toLowerCase();
  return path.toLowerCase().startsWith(prefix) ? path.slice(prefix.length) : null;
}

function unknownOrThrow(name: string): null {
  if (isNotKept(name)) return null;
  throw unreadable(name);
}

const unreadable = (path: string) =>
  scimPathInvalid(
    `The path "${path.slice(0, 80)}" names no attribute. GET /scim/v2/Schemas lists them.`,
  );
