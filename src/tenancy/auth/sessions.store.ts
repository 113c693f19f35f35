/** Sessions: credentials of the kind `refresh`, one for each sign-in. The hash is the session's id. */
import type { OpenContext } from '../../platform/context.js';
import {
  type CredentialKind,
  findGoodCredential,
  issueCredential,
  lockGoodCredential,
  renewCredential,
  revokeCredential,
  tenantOfCredential,
  touchCredential,
} from '../../platform/credentials/credentials.store.js';
import {
  revokeCredentialsEverywhere,
  revokeCredentialsOf,
  tidyCredentials,
} from '../../platform/credentials/credentials-end.store.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { endSignIns } from '../users/users.store.js';
import { refreshState, type RefreshState } from './refresh-token.js';

export const SESSION_KIND = 'refresh';
const kind = SESSION_KIND;

export interface Session {
  readonly sessionId: string;
  readonly userId: string;
  readonly tenantId: string;
}

interface NewSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly state: RefreshState;
  readonly openedAt: Date;
  readonly lifetimeMs: number;
}

export async function insertSession(
  open: OpenContext,
  { sessionId, userId, state, openedAt, lifetimeMs }: NewSession,
): Promise<void> {
  await issueCredential(open, {
    kind,
    hash: sessionId,
    subjectId: userId,
    data: state,
    lifetimeMs,
    issuedAt: openedAt,
    goodAtOnce: null,
  });
}

export interface LockedSession extends Omit<Session, 'sessionId'> {
  readonly state: RefreshState;
}

/** Undefined: there is none, or it has ended. */
export async function lockSession(
  tx: SystemTransaction,
  sessionId: string,
  now: Date,
): Promise<LockedSession | undefined> {
  const row = await lockGoodCredential(tx, { kind, hash: sessionId }, now);
  if (!row) return undefined;
  return { userId: row.subjectId, tenantId: row.tenantId, state: refreshState.parse(row.data) };
}

/** As above, without holding it. */
export async function findSession(
  tx: SystemTransaction,
  sessionId: string,
  now: Date,
): Promise<LockedSession | undefined> {
  const row = await findGoodCredential(tx, { kind, hash: sessionId }, now);
  if (!row) return undefined;
  return { userId: row.subjectId, tenantId: row.tenantId, state: refreshState.parse(row.data) };
}

/** It was used; nothing else of it changes. */
export async function touchSession(
  tx: SystemTransaction,
  sessionId: string,
  now: Date,
): Promise<void> {
  await touchCredential(tx, { kind, hash: sessionId }, now);
}

export async function renewSession(
  tx: SystemTransaction,
  sessionId: string,
  { state, now }: { readonly state: RefreshState; readonly now: Date },
): Promise<void> {
  await renewCredential(tx, sessionId, { data: state, now });
}

export async function revokeSession(
  tx: SystemTransaction,
  sessionId: string,
  now: Date,
): Promise<void> {
  await revokeCredential(tx, { kind, hash: sessionId }, now);
}

/**
 * Ends what a person has open in this tenant, with the change that is the reason for it: everywhere
 * within five seconds. `except`: the session that asks for it, if that may go on. Returns how many.
 */
export function endSessionsIn(
  open: OpenContext,
  userId: string,
  except: string | null = null,
): Promise<number> {
  return revokeCredentialsOf(open, { kind, subjectId: userId }, except);
}

/**
 * Ends what a person has open in all tenants, what was mailed to them, and sign-ins that are under way:
 * everywhere within five seconds. The caller has locked the person. `except`: the session that asks for it.
 */
export async function endSessionsEverywhere(
  tx: SystemTransaction,
  userId: string,
  { now, except }: { readonly now: Date; readonly except: string | null },
): Promise<number> {
  await endSignIns(tx, userId);
  const kinds: CredentialKind[] = [kind, 'password-reset', 'email-change'];
  return revokeCredentialsEverywhere(tx, { kinds, subjectId: userId }, { except, now });
}

/** Undefined: there is no such session. */
export function tenantOfSession(
  tx: SystemTransaction,
  sessionId: string,
): Promise<string | undefined> {
  return tenantOfCredential(tx, { kind, hash: sessionId });
}

export async function tidySessions(
  tx: SystemTransaction,
  { userId, tenantId }: Omit<Session, 'sessionId'>,
  { now, kept }: { readonly now: Date; readonly kept: number },
): Promise<void> {
  await tidyCredentials(tx, { tenantId, kind, subjectId: userId }, { now, kept });
}
