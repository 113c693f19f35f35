/** What of an entry is somebody's own: it is committed to with a salt each, and may be erased one day. */
import { randomBytes } from 'node:crypto';
import {
  type EntryFields,
  pointerPart,
  SALT_BYTES,
  type Salts,
} from '../../kernel/tlog/audit-leaf.js';

/** Members of a body, wherever in it they stand. A new one of that sort gets a word here. */
const PERSONAL = new Set([
  'actorName',
  'address',
  'by',
  'displayName',
  'email',
  'emails',
  'externalUserName',
  'familyName',
  'formattedName',
  'givenName',
  'invitedBy',
  'person',
  'personName',
  'promotedBy',
  'requestedBy',
  'subjectName',
  'userAgent',
  'userName',
  'username',
  'usernames',
  'who',
]);
/** Of these the subject's id is a name or an address, unless it is a UUID. */
const PERSONAL_SUBJECTS = new Set(['user', 'address']);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Behind these stands a person who may have named them after themselves. */
const PERSONAL_ACTORS = new Set<string | null>(['user', 'access-key', 'directory', null]);
/** Bodies are flat, or hold what was before and after. */
const DEPTH = 6;

/** A fresh salt for each; the same entry twice has nothing in common. */
export function saltsFor(entry: EntryFields): Salts {
  const pointers = personalOf(entry);
  if (pointers.length === 0) return {};
  const hex = randomBytes(SALT_BYTES * pointers.length).toString('hex');
  const each = 2 * SALT_BYTES;
  return Object.fromEntries(
    pointers.map((pointer, at) => [pointer, hex.slice(at * each, (at + 1) * each)]),
  );
}

function personalOf({ actor, subject, sourceAddress, userAgent, body }: EntryFields): string[] {
  const pointers: string[] = [];
  if (PERSONAL_ACTORS.has(actor.kind)) pointers.push('/actor/name');
  if (PERSONAL_SUBJECTS.has(subject.kind) && !UUID.test(subject.id)) pointers.push('/subject/id');
  if (sourceAddress !== null) pointers.push('/sourceAddress');
  if (userAgent !== null) pointers.push('/userAgent');
  findIn(body, '/body', DEPTH, pointers);
  return pointers;
}

function findIn(value: object, path: string, depth: number, found: string[]): void {
  if (depth === 0) return;
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    if (member === null || member === undefined) continue;
    const pointer = `${path}/${pointerPart(name)}`;
    if (PERSONAL.has(name)) found.push(pointer);
    else if (typeof member === 'object') findIn(member, pointer, depth - 1, found);
  }
}
