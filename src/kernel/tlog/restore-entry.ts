/** The fields of an entry out of what is hashed of it and what is personal: `leafOf`, backwards. Pure. */
import type { EntryFields, EntryVersion, Personal, Salts } from './audit-leaf.js';

export interface ApartValues {
  readonly personal: Readonly<Record<string, Personal>>;
  /** What stands in place of what was erased, by JSON pointer. */
  readonly replaced: Readonly<Record<string, unknown>>;
}

/** Where a value is neither there nor replaced. */
const GONE = 'erased';

/** Throws for what is no leaf. */
export function restoreEntry(
  leaf: string,
  { personal, replaced }: ApartValues,
): { readonly fields: EntryFields; readonly salts: Salts } {
  const {
    commitments,
    isImported: _isImported,
    version,
    ...rest
  } = JSON.parse(leaf) as Record<string, unknown> & {
    commitments: Record<string, string>;
    version: EntryVersion;
  };
  const salts: Record<string, string> = {};
  for (const [pointer, commitment] of Object.entries(commitments)) {
    const known = Object.hasOwn(personal, pointer) ? personal[pointer] : undefined;
    const inItsPlace = Object.hasOwn(replaced, pointer) ? replaced[pointer] : GONE;
    salts[pointer] = known?.salt ?? `sha256:${commitment}`;
    putBack(rest, pointer, known ? known.value : inItsPlace);
  }
  return { fields: { ...rest, version } as unknown as EntryFields, salts };
}

function putBack(root: Record<string, unknown>, pointer: string, value: unknown): void {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  let holder: unknown = root;
  for (const name of names.slice(0, -1)) holder = (holder as Record<string, unknown>)[name];
  const last = names.at(-1)!;
  // Like every member, and not like an assignment to a name that means something.
  Object.defineProperty(holder, last, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
