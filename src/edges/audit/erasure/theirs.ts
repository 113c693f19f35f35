/**
 * Which of an entry's personal values are one person's. An entry of theirs says who they are and from where
 * they came; an entry of somebody else may name them. What belongs to others stays.
 */
import { canonicalJson } from '../../../kernel/canonical-json.js';
import { commitmentTo, type Salts } from '../../../kernel/tlog/audit-leaf.js';
import { type AuditRow, fieldsOf, saltsOf } from '../../../platform/audit/audit-row.js';
import { accountKey } from '../../../tenancy/users/account-name.js';
import { valueAt, withValueAt } from './json-pointer.js';
import { isAboutThem, isByThem, type Sought, subjectName } from './sought.js';

const ERASED = /^sha256:/;
/** Of a body: from where somebody came, which is of who did it. */
const ORIGINS = new Set(['address', 'userAgent']);
/** Who did it, or asked for it: whatever else the entry is about. */
const DOERS = new Set(['by', 'requestedBy', 'invitedBy']);
/** Below this a name is found in words that have nothing to do with it. */
const MENTION_CHARACTERS = 3;

/** What of an entry becomes something else. The rest of it stays, and what is hashed of it. */
export interface EntryChange {
  readonly actor: string;
  readonly subjectId: string;
  readonly sourceAddress: string | null;
  readonly userAgent: string | null;
  readonly body: string;
  readonly salts: string;
  readonly values: number;
}

/** Null: there is nothing of theirs in it, or not any more. */
export function changeOf(row: AuditRow, sought: Sought, pseudonym: string): EntryChange | null {
  const entry = fieldsOf(row);
  const salts: Record<string, string> = { ...saltsOf(row) };
  let root: Record<string, unknown> = { ...entry };
  let values = 0;
  for (const [pointer, salt] of Object.entries(salts)) {
    const value = valueAt(root, pointer);
    const erased = erasedValue(row, { pointer, value, root, sought, pseudonym });
    if (erased === undefined || canonicalJson(erased) === canonicalJson(value)) continue;
    root = withValueAt(root, pointer, erased);
    if (!ERASED.test(salt)) salts[pointer] = `sha256:${commitmentTo(value, salt)}`;
    values += 1;
  }
  if (values === 0) return null;
  const { actor, subject, sourceAddress, userAgent, body } = root as unknown as typeof entry;
  return {
    actor: actor.name,
    subjectId: subject.id,
    sourceAddress,
    userAgent,
    body: canonicalJson(body),
    salts: canonicalJson(salts satisfies Salts),
    values,
  };
}

interface Member {
  readonly pointer: string;
  readonly value: unknown;
  readonly root: Record<string, unknown>;
  readonly sought: Sought;
  readonly pseudonym: string;
}

/** What takes its place; undefined: it is not theirs. */
function erasedValue(row: AuditRow, member: Member): unknown {
  const { pointer, value, sought, pseudonym } = member;
  if (value === null || value === undefined) return undefined;
  const name = pointer.slice(pointer.lastIndexOf('/') + 1);
  if (pointer === '/actor/name') return isByThem(row, sought) ? pseudonym : undefined;
  if (pointer === '/subject/id') return isTheirSubject(row, sought) ? pseudonym : undefined;
  const isOrigin = pointer === '/sourceAddress' || pointer === '/userAgent' || ORIGINS.has(name);
  if (isOrigin) return isFromThem(row, sought) ? pseudonym : undefined;
  if (!DOERS.has(name) && isNextToTheirId(member)) return pseudonym;
  return withoutNames(value, sought, pseudonym);
}

/** Done by them; or by nobody who is known, under their name: a sign-in that failed. */
function isFromThem(row: AuditRow, sought: Sought): boolean {
  if (isByThem(row, sought)) return true;
  return row.actorKind === 'system' && subjectName(row, sought);
}

function isTheirSubject(row: AuditRow, sought: Sought): boolean {
  return row.subjectKind === 'user' ? subjectName(row, sought) : isByThem(row, sought);
}

/** The entry is about them, or the object that it stands in has their id. */
function isNextToTheirId({ pointer, root, sought }: Member): boolean {
  const holder = valueAt(root, pointer.slice(0, pointer.lastIndexOf('/')));
  if (isAboutThem(holder, sought.personId)) return true;
  const { kind, id } = root['subject'] as { kind: string; id: string };
  const isTheirs = kind === 'user' && id === sought.personId;
  const isFlat = pointer.split('/').length === 3;
  return isFlat && (isTheirs || sought.subjects.has(`${kind} ${id}`));
}

/** Wherever in it a text is one of their names. What others are called in it stays. */
function withoutNames(value: unknown, sought: Sought, pseudonym: string): unknown {
  if (typeof value === 'string') return isName(value, sought) ? pseudonym : value;
  if (Array.isArray(value)) return value.map((each) => withoutNames(each, sought, pseudonym));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withoutNames(each, sought, pseudonym)]),
  );
}

const isName = (value: string, { names, actors }: Sought) =>
  names.has(accountKey(value)) || actors.has(value);

/** Whether a name of theirs still stands somewhere in what is no personal value: a reason, a path. */
export function mentions(text: string, { names }: Sought): boolean {
  const lower = text.toLowerCase();
  return [...names].some((name) => name.length >= MENTION_CHARACTERS && lower.includes(name));
}
