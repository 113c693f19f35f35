/**
 * RFC 8785 canonical JSON, restricted to what every language writes alike: strings, booleans, null,
 * safe integers, arrays and objects of them. Anything else is refused rather than guessed.
 */
export type CanonicalValue =
  | string
  | boolean
  | null
  | number
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue | undefined };

/** Throws TypeError that names the path of what cannot be written canonically. */
export function canonicalJson(value: unknown, path = '$'): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError(`${path}: lone surrogate in a string`);
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError(`${path}: not a safe integer`);
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => canonicalJson(item, `${path}[${index}]`)).join(',')}]`;
  }
  if (typeof value === 'object') {
    const members = Object.entries(value as Record<string, unknown>)
      .filter(([, member]) => member !== undefined)
      // RFC 8785 section 3.2.3: names are sorted by UTF-16 code units, which is what < compares.
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(
        ([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, `${path}.${name}`)}`,
      );
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`${path}: ${typeof value} has no canonical form`);
}
