/**
 * What of an audit entry is hashed: canonical JSON of all that is public. What is somebody's own (names,
 * addresses, what they browse with) stands in it only as a commitment with a salt, so that the value can be
 * taken away for good and the log still verifies. Entries say by their salts what is committed to.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';

/** 1: written before there was a log to stand in, and imported as they were. */
export type EntryVersion = 1 | 2;

export interface EntryFields {
  readonly version: EntryVersion;
  readonly id: string;
  readonly tenantId: string;
  readonly at: string;
  readonly category: string;
  readonly action: string;
  readonly outcome: string;
  readonly actor: {
    readonly kind: string | null;
    readonly id: string | null;
    readonly name: string;
  };
  /** The person for whom it acts: of a key, its maker. */
  readonly actingFor: string | null;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly sourceAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly releaseId: string | null;
  readonly deploymentId: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** By JSON pointer (`/actor/name`): the salt in hex, or of what was erased `sha256:` and the commitment. */
export type Salts = Readonly<Record<string, string>>;

export const SALT_BYTES = 16;
const ERASED = /^sha256:([0-9a-f]{64})$/;

export interface Personal {
  readonly value: unknown;
  readonly salt: string;
}

export interface Leaf {
  /** What is hashed. */
  readonly text: string;
  /** What it only commits to, by JSON pointer; not what was erased. */
  readonly personal: Readonly<Record<string, Personal>>;
}

export function leafOf(entry: EntryFields, salts: Salts): Leaf {
  const pointers = Object.keys(salts);
  const { version, ...rest } = entry;
  const open: Record<string, unknown> = { ...rest, version };
  if (version === 1) open['isImported'] = true;
  const commitments: Record<string, string> = {};
  const personal: Record<string, Personal> = {};
  for (const pointer of pointers) {
    const value = takeOut(open, pointer);
    const salt = salts[pointer]!;
    const erased = ERASED.exec(salt);
    commitments[pointer] = erased ? erased[1]! : commitmentTo(value, salt);
    if (!erased) personal[pointer] = { value, salt };
  }
  return { text: canonicalJson({ ...open, commitments }), personal };
}

export function commitmentTo(value: unknown, salt: string): string {
  return createHash('sha256')
    .update(Buffer.from(salt, 'hex'))
    .update(canonicalJson(value))
    .digest('hex');
}

/** Undefined where nothing stands there: who has edited an entry may have left anything. */
function takeOut(root: Record<string, unknown>, pointer: string): unknown {
  const names = pointer.split('/').slice(1).map(unescaped);
  let holder = root;
  for (const name of names.slice(0, -1)) {
    const next = holder[name];
    if (typeof next !== 'object' || next === null) return null;
    const copy: unknown[] | object = Array.isArray(next) ? [...(next as unknown[])] : { ...next };
    holder[name] = copy;
    holder = copy as Record<string, unknown>;
  }
  const last = names.at(-1)!;
  const value = holder[last];
  if (Array.isArray(holder)) holder[Number(last)] = null;
  else delete holder[last];
  return value ?? null;
}

const unescaped = (name: string) => name.replaceAll('~1', '/').replaceAll('~0', '~');
export const pointerPart = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1');
