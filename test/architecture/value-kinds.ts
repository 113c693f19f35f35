/** Which TypeScript value fits which type of PostgreSQL, by its oid. Arrays have their elements' oid here. */
import { types } from 'pg';
import type { ValueKind } from './statement-calls.js';

const builtins: Record<keyof typeof types.builtins, number> = types.builtins;
const NUMBERS = [builtins.INT2, builtins.INT4, builtins.INT8, builtins.FLOAT4, builtins.FLOAT8];
const NAME = 19;
/** Of `select pg_advisory_xact_lock(…)`. */
const VOID = 2278;
const TEXTS = [builtins.TEXT, builtins.VARCHAR, builtins.UUID, builtins.INET, builtins.CIDR, NAME];
const TIMES = [builtins.TIMESTAMPTZ, builtins.TIMESTAMP];
const JSONS = [builtins.JSON, builtins.JSONB];

const ELEMENT_OF: ReadonlyMap<number, number> = new Map([
  [1000, builtins.BOOL],
  [1003, NAME],
  [1005, builtins.INT2],
  [1007, builtins.INT4],
  [1009, builtins.TEXT],
  [1015, builtins.VARCHAR],
  [1016, builtins.INT8],
  [1022, builtins.FLOAT8],
  [1041, builtins.INET],
  [651, builtins.CIDR],
  [1185, builtins.TIMESTAMPTZ],
  [1001, builtins.BYTEA],
  [199, builtins.JSON],
  [3807, builtins.JSONB],
  [2951, builtins.UUID],
]);

const ANYTHING = /^(?!Date|bytes|bigint)/;

/** What the driver makes of a column of that type. */
export function comesAs(type: number, kind: ValueKind): boolean {
  const element = ELEMENT_OF.get(type);
  if (element !== undefined) return kind.endsWith('[]') && comesAs(element, kind.slice(0, -2));
  if (JSONS.includes(type)) return ANYTHING.test(kind);
  if (NUMBERS.includes(type)) return kind === 'number';
  if (TEXTS.includes(type) || type === builtins.NUMERIC) return kind === 'string';
  if (TIMES.includes(type)) return kind === 'Date';
  if (type === builtins.BOOL) return kind === 'boolean';
  if (type === VOID) return kind === 'unknown';
  return type === builtins.BYTEA && kind === 'bytes';
}

/** What the driver can send as a parameter of that type. */
export function goesAs(type: number, kind: ValueKind): boolean {
  const element = ELEMENT_OF.get(type);
  if (element !== undefined) return kind.endsWith('[]') && goesAs(element, kind.slice(0, -2));
  if (JSONS.includes(type)) return kind === 'string' || kind === 'object' || kind === 'unknown';
  // What is too large for a number goes as its digits.
  if (type === builtins.INT8) return ['number', 'bigint', 'string'].includes(kind);
  if (TIMES.includes(type)) return kind === 'Date' || kind === 'string';
  return comesAs(type, kind);
}
