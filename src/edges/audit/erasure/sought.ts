/**
 * What one person is looked for by in the log of a tenant: names and addresses that are theirs alone, found
 * in the account and in what entries say next to the person's id.
 */
import { type AuditRow, fieldsOf } from '../../../platform/audit/audit-row.js';
import { accountKey } from '../../../tenancy/users/account-name.js';

export interface Sought {
  readonly personId: string;
  /** As accounts are compared by: usernames and addresses. */
  readonly names: Set<string>;
  /** Names under which their keys have acted (`key:laptop`), and nobody else. */
  readonly actors: Set<string>;
  /** `<kind> <id>` of invitations and directory users that became them. */
  readonly subjects: Set<string>;
}

/** As the table keeps it. */
export interface SoughtText {
  readonly names: readonly string[];
  readonly actors: readonly string[];
  readonly subjects: readonly string[];
}

const NAMES = ['username', 'userName', 'email'] as const;
const BECOMES = new Set(['invitation', 'directory-user']);
const DEPTH = 6;

export function soughtOf(personId: string, { names, actors, subjects }: SoughtText): Sought {
  return {
    personId,
    names: new Set(names),
    actors: new Set(actors),
    subjects: new Set(subjects),
  };
}

/** By the person, or by a key of theirs. Entries of before say only what they were called. */
export function isByThem(row: AuditRow, { personId, names }: Sought): boolean {
  if (row.actingFor === personId) return true;
  if (row.actorKind !== 'user') return false;
  return row.actorId === null ? names.has(accountKey(row.actor)) : row.actorId === personId;
}

export function subjectName({ subjectKind, subjectId }: AuditRow, { names }: Sought): boolean {
  return subjectKind === 'user' && names.has(accountKey(subjectId));
}

export function isAboutThem(holder: unknown, personId: string): boolean {
  if (typeof holder !== 'object' || holder === null) return false;
  const { userId, personId: other } = holder as Record<string, unknown>;
  return userId === personId || other === personId;
}

/** Reads entries, and learns what to look for. */
export class Searcher {
  private readonly foreign = new Set<string>();

  constructor(private readonly found: Sought) {}

  read(row: AuditRow): void {
    const { personId, names, actors, subjects } = this.found;
    const { body, subject } = fieldsOf(row);
    const isTheirs = isByThem(row, this.found);
    if (isTheirs && row.actorKind === 'user') names.add(accountKey(row.actor));
    else if (isTheirs) actors.add(row.actor);
    else this.foreign.add(row.actor);
    const isSubject = subject.kind === 'user' && subject.id === personId;
    if (isSubject) this.learn(body);
    const isNamed = this.walk(body, DEPTH);
    if (isNamed && BECOMES.has(subject.kind)) subjects.add(`${subject.kind} ${subject.id}`);
  }

  /** Without the names of keys that others have acted under as well. */
  result(): SoughtText {
    const { names, actors, subjects } = this.found;
    return {
      names: [...names],
      actors: [...actors].filter((name) => !this.foreign.has(name)),
      subjects: [...subjects],
    };
  }

  private walk(value: object, depth: number): boolean {
    let isNamed = isAboutThem(value, this.found.personId);
    if (isNamed) this.learn(value);
    if (depth === 0) return isNamed;
    for (const member of Object.values(value) as unknown[]) {
      if (typeof member !== 'object' || member === null) continue;
      isNamed = this.walk(member, depth - 1) || isNamed;
    }
    return isNamed;
  }

  private learn(holder: object): void {
    for (const name of NAMES) {
      const value = (holder as Record<string, unknown>)[name];
      if (typeof value === 'string') this.found.names.add(accountKey(value));
    }
  }
}
