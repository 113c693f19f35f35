/** What an event has changed, for its audit entry: which fields, from what, to what. */
import { canonicalJson } from '../../kernel/canonical-json.js';
import type { Change, Event, EventBody } from './event.js';

/** Of every row, and in each entry already. */
const OF_ROWS = new Set(['id', 'version', 'createdAt', 'updatedAt', 'changedAt']);

/**
 * The event, whose audit entry says besides what was there and what is now: of something that stays only
 * the fields that differ. What listens to the event, or is sent it, sees nothing of that. Never give a
 * secret: a view that GET answers has none.
 */
export function changing<Body extends EventBody>(
  event: Event<Body>,
  { before, after }: { readonly before: object | null; readonly after: object | null },
): Event<Body> {
  return { ...event, change: changeOf(before, after) };
}

/** Exported for its test. */
export function changeOf(before: object | null, after: object | null): Change {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  if (was === null || is === null) return { before: was, after: is };
  const names = Object.keys({ ...was, ...is });
  const differing = names.filter((name) => text(was[name]) !== text(is[name]));
  const of = (fields: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(differing.map((name) => [name, fields[name] ?? null]));
  return { before: of(was), after: of(is) };
}

const text = (value: unknown) => canonicalJson(value ?? null);

function fieldsOf(value: object | null): Record<string, unknown> | null {
  if (value === null) return null;
  const plain = plainOf(value) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(plain).filter(([name]) => !OF_ROWS.has(name)));
}

/** As an entry can hold it: times as text, and so are fractions, which have no canonical form. */
function plainOf(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return String(value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, plainOf(member)]),
  );
}
