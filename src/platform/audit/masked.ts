/** Names under which nobody should have put a secret into what was before and after. A second lock. */
const SECRET = /passw|secret|private-?_?key|pepper|credential|^token$/i;
const MASK = '[masked]';
/** What is longer is kept by its digest: an entry of the tree has 64 KiB at most. */
export const BODY_CHARACTERS = 40_000;

/** The body with what looks like a secret in its `before` and `after` taken out. */
export function masked(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (body['before'] === undefined && body['after'] === undefined) return body;
  return { ...body, before: clean(body['before']), after: clean(body['after']) };
}

function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([name, member]) => [
      name,
      SECRET.test(name) && typeof member === 'string' ? MASK : clean(member),
    ]),
  );
}
