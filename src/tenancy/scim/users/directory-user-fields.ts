/** A directory's user between its row and the form of RFC 7643. */
import { z } from 'zod';
import { limits } from '../../../kernel/limits.js';
import { accountKey } from '../../users/account-name.js';
import { USER_SCHEMA } from '../protocol/attributes.js';
import type { Meta, Shown } from '../protocol/messages.js';
import type { Complex, Resource } from '../protocol/resource.js';
import { scimValueInvalid } from '../protocol/scim.errors.js';
import type { DirectoryUserEntity } from './directory-user.entity.js';
import type { DirectoryUserRow } from './directory-users.queries.js';

export type DirectoryUserFields = Pick<
  DirectoryUserEntity,
  | 'userName'
  | 'userNameKey'
  | 'externalId'
  | 'displayName'
  | 'givenName'
  | 'familyName'
  | 'formattedName'
  | 'emails'
  | 'email'
  | 'isActive'
>;

/** `wasActive`: what it is when nothing is said of it. Throws `scim-value-invalid`. */
export function fieldsOf(resource: Resource, wasActive: boolean): DirectoryUserFields {
  const textOf = (name: string) => (resource[name] as string | undefined) ?? null;
  const userName = textOf('userName');
  if (userName === null) throw scimValueInvalid('"userName" is missing.');
  const name = (resource['name'] ?? {}) as Complex;
  const partOf = (part: string) => (name[part] as string | undefined) ?? null;
  const emails = (resource['emails'] ?? []) as readonly Complex[];
  if (emails.length > limits.scimEmails) {
    throw scimValueInvalid(`A user has at most ${limits.scimEmails} "emails".`);
  }
  return {
    userName,
    userNameKey: accountKey(userName),
    externalId: textOf('externalId'),
    displayName: textOf('displayName'),
    givenName: partOf('givenName'),
    familyName: partOf('familyName'),
    formattedName: partOf('formatted'),
    emails,
    email: addressOf(emails, userName),
    isActive: (resource['active'] as boolean | undefined) ?? wasActive,
  };
}

const address = z.email().max(limits.scimTextCharacters);

/** The primary one, else that for work, else the first; else the name, which often is one. */
function addressOf(emails: readonly Complex[], userName: string): string | null {
  const chosen =
    emails.find(({ primary }) => primary === true) ??
    emails.find(({ type }) => type === 'work') ??
    emails[0];
  const text = chosen?.['value'] ?? userName;
  return address.safeParse(text).success ? (text as string) : null;
}

/** Null: to no address at all. Throws `scim-value-invalid` for one outside of the domains, if there are any. */
export function checkDomain(email: string | null, domains: readonly string[]): void {
  if (email === null || domains.length === 0) return;
  const domain = accountKey(email).split('@').at(-1)!;
  if (domains.includes(domain)) return;
  throw scimValueInvalid(
    `The address is of the domain "${domain}", and this directory is for ${domains.slice(0, 5).join(', ')}.`,
  );
}

/** What a PATCH begins with. */
export function resourceOf(row: DirectoryUserRow): Resource {
  const { userName, externalId, displayName, emails, isActive: active } = row;
  const name = present({
    formatted: row.formattedName,
    familyName: row.familyName,
    givenName: row.givenName,
  });
  return {
    userName,
    ...present({ externalId, displayName }),
    ...(Object.keys(name).length > 0 ? { name } : {}),
    ...(emails.length > 0 ? { emails } : {}),
    active,
  };
}

export function shownUser(row: DirectoryUserRow, base: string): Shown {
  return { schemas: [USER_SCHEMA], id: row.id, ...resourceOf(row), meta: metaOf(row, base) };
}

function metaOf({ id, version, createdAt, changedAt }: DirectoryUserRow, base: string): Meta {
  return {
    resourceType: 'User',
    created: createdAt.toISOString(),
    lastModified: changedAt.toISOString(),
    location: `${base}/Users/${id}`,
    version: `W/"${version}"`,
  };
}

function present(given: Readonly<Record<string, string | null>>): Record<string, string> {
  const known = Object.entries(given).filter(([, value]) => value !== null);
  return Object.fromEntries(known) as Record<string, string>;
}

/** Names of what is not the same any more. */
export function changedBetween(before: DirectoryUserFields, after: DirectoryUserFields): string[] {
  const names = Object.keys(after) as (keyof DirectoryUserFields)[];
  const spelled = (value: unknown) => JSON.stringify(value);
  return names.filter((name) => spelled(before[name]) !== spelled(after[name]));
}
