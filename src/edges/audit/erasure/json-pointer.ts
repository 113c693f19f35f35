/** RFC 6901, as salts name what an entry commits to. */
const partsOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

export function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of partsOf(pointer)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** A copy in which another value stands there. The place must exist. */
export function withValueAt(
  root: Record<string, unknown>,
  pointer: string,
  value: unknown,
): Record<string, unknown> {
  return put(root, partsOf(pointer), value) as Record<string, unknown>;
}

function put(holder: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const copy = Array.isArray(holder) ? [...(holder as unknown[])] : { ...(holder as object) };
  const members = copy as Record<string, unknown>;
  members[name] = put(members[name], rest, value);
  return copy;
}
