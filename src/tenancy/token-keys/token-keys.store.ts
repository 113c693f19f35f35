/** The table `token_signing_keys`: of the installation, read and written by the system's role only. */
import { newId } from '../../kernel/ids.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { TokenKeyVersion } from './token-key-version.js';

export type TokenKeyOrigin = 'file' | 'schedule' | 'command';

export interface TokenKeyRow extends TokenKeyVersion {
  readonly origin: TokenKeyOrigin;
  readonly createdAt: Date;
}

/** Null: it was forgotten, since nothing verifies with it any more. */
export interface SealedTokenKeyRow extends TokenKeyRow {
  readonly sealedPrivateKey: string | null;
}

const COLUMNS = `id, kid, origin, created_at as "createdAt", signs_from as "signsFrom",
  verifies_until as "verifiesUntil", revoked_at as "revokedAt"`;

const lock = statement<{ readonly lock: number }>(
  'token-keys.lock',
  'select pg_advisory_xact_lock(:lock)',
);

/** Any number that nobody else uses. */
const LOCK = 7_321_002;

/** One version is made at a time, over all processes; held until the transaction ends. */
export async function lockTokenKeys(tx: SystemTransaction): Promise<void> {
  await tx.execute(lock, { lock: LOCK });
}

const inUse = statement<{ readonly at: Date }, SealedTokenKeyRow>(
  'token-keys.in-use',
  `select ${COLUMNS}, sealed_private_key as "sealedPrivateKey" from token_signing_keys
   where revoked_at is null and (verifies_until is null or verifies_until > :at)
   order by signs_from desc, id desc`,
);

/** Those that sign, will sign or still verify; the newest first. */
export function tokenKeysInUse(tx: SystemTransaction, now: number): Promise<SealedTokenKeyRow[]> {
  return tx.query(inUse, { at: new Date(now) });
}

const byKid = statement<{ readonly kid: string }, TokenKeyRow>(
  'token-keys.by-kid',
  `select ${COLUMNS} from token_signing_keys where kid = :kid`,
);

export function tokenKeyByKid(
  tx: SystemTransaction,
  kid: string,
): Promise<TokenKeyRow | undefined> {
  return tx.first(byKid, { kid });
}

const page = statement<{ readonly before: string | null; readonly take: number }, TokenKeyRow>(
  'token-keys.page',
  `select ${COLUMNS} from token_signing_keys where :before::uuid is null or id < :before
   order by id desc limit :take`,
);

export function pageOfTokenKeys(
  tx: SystemTransaction,
  before: string | null,
  take: number,
): Promise<TokenKeyRow[]> {
  return tx.query(page, { before, take });
}

type NewRow = Pick<TokenKeyRow, 'kid' | 'origin' | 'createdAt' | 'signsFrom'> & {
  readonly sealedPrivateKey: string;
};

const insert = statement<NewRow & { readonly id: string }, TokenKeyRow>(
  'token-keys.insert',
  `insert into token_signing_keys (id, kid, origin, sealed_private_key, created_at, signs_from)
   values (:id, :kid, :origin, :sealedPrivateKey, :createdAt, :signsFrom) returning ${COLUMNS}`,
);

/** Under the lock, and of a key that is not there. */
export async function insertTokenKey(tx: SystemTransaction, row: NewRow): Promise<TokenKeyRow> {
  const made = await tx.first(insert, { ...row, id: newId(row.createdAt.getTime()) });
  return made!;
}

const retire = statement<{ readonly kid: string; readonly until: Date }>(
  'token-keys.retire-others',
  `update token_signing_keys set verifies_until = :until
   where kid <> :kid and verifies_until is null and revoked_at is null`,
);

/** Those that nothing had followed before verify until then, and no longer. */
export async function retireOtherTokenKeys(
  tx: SystemTransaction,
  kid: string,
  until: number,
): Promise<void> {
  await tx.execute(retire, { kid, until: new Date(until) });
}

const revoke = statement<{ readonly kid: string; readonly at: Date }, { readonly kid: string }>(
  'token-keys.revoke-others',
  `update token_signing_keys set revoked_at = :at where kid <> :kid and revoked_at is null
     and (verifies_until is null or verifies_until > :at) returning kid`,
);

/** All others are refused from now on; returns which. */
export async function revokeOtherTokenKeys(
  tx: SystemTransaction,
  kid: string,
  now: number,
): Promise<string[]> {
  return (await tx.query(revoke, { kid, at: new Date(now) })).map((row) => row.kid);
}

const madeSince = statement<{ readonly since: Date }, { readonly count: number }>(
  'token-keys.made-since',
  'select count(*)::int as count from token_signing_keys where created_at > :since',
);

export async function tokenKeysMadeSince(tx: SystemTransaction, since: number): Promise<number> {
  return (await tx.first(madeSince, { since: new Date(since) }))?.count ?? 0;
}

const reseal = statement<{ readonly kid: string; readonly sealedPrivateKey: string }>(
  'token-keys.reseal',
  `update token_signing_keys set sealed_private_key = :sealedPrivateKey
   where kid = :kid and sealed_private_key is not null`,
);

/** The same private half, under the key that seals today. */
export async function resealTokenKey(
  tx: SystemTransaction,
  kid: string,
  sealedPrivateKey: string,
): Promise<void> {
  await tx.execute(reseal, { kid, sealedPrivateKey });
}

const forget = statement<{ readonly at: Date }>(
  'token-keys.forget-private-halves',
  `update token_signing_keys set sealed_private_key = null where sealed_private_key is not null
     and (revoked_at is not null or verifies_until <= :at)`,
);

/** Of those that nothing verifies with any more: their rows stay, as history. */
export async function forgetPrivateHalves(tx: SystemTransaction, now: number): Promise<void> {
  await tx.execute(forget, { at: new Date(now) });
}

const purge = statement<{ readonly before: Date }>(
  'token-keys.purge',
  `delete from token_signing_keys where origin <> 'file' and sealed_private_key is null
     and coalesce(revoked_at, verifies_until) < :before`,
);

/** A key of the file stays known: it may still be there, and must not come as a new one. */
export async function purgeTokenKeys(tx: SystemTransaction, before: number): Promise<void> {
  await tx.execute(purge, { before: new Date(before) });
}
