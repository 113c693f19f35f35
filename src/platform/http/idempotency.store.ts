/** The table `idempotency_keys`: answers that are given again to who repeats a request. */
import type { OpenContext } from '../context.js';
import { statement } from '../database/statement.js';
import type { SystemTransaction } from '../database/transaction.js';

/** Whose key, for what. */
export interface KeyOwner {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
}

type OwnedKey = {
  readonly tenantId: string;
  readonly principal: string;
  readonly route: string;
  readonly key: string;
};

interface KeptAnswer {
  readonly bodyDigest: string;
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

const tryLock = statement<{ readonly lock: bigint }, { readonly isMine: boolean }>(
  'idempotency-keys.try-lock',
  'select pg_try_advisory_xact_lock(:lock) as "isMine"',
);

/** Held until the transaction ends. False: somebody else holds it; it is not waited for. */
export async function tryIdempotencyLock(open: OpenContext, lock: bigint): Promise<boolean> {
  const row = await open.tx.first(tryLock, { lock });
  return row!.isMine;
}

const find = statement<OwnedKey, KeptAnswer>(
  'idempotency-keys.find',
  `select body_digest as "bodyDigest", status, body from idempotency_keys
   where tenant_id = :tenantId and principal = :principal and route = :route and key = :key`,
);

export function findAnswer(
  open: OpenContext,
  { principal, route, key }: KeyOwner,
): Promise<KeptAnswer | undefined> {
  return open.tx.first(find, { tenantId: open.tenantId, principal, route, key });
}

const keep = statement<
  OwnedKey & { readonly bodyDigest: string; readonly status: number; readonly body: string }
>(
  'idempotency-keys.keep',
  `insert into idempotency_keys (tenant_id, principal, route, key, body_digest, status, body)
   values (:tenantId, :principal, :route, :key, :bodyDigest, :status, :body)`,
);

export async function keepAnswer(
  open: OpenContext,
  { principal, route, key }: KeyOwner,
  { bodyDigest, status, body }: KeptAnswer,
): Promise<void> {
  const { tenantId } = open;
  await open.tx.execute(keep, { tenantId, principal, route, key, bodyDigest, status, body });
}

const purge = statement<{ readonly days: number; readonly rows: number }>(
  'idempotency-keys.purge',
  `delete from idempotency_keys where ctid = any (array(
     select ctid from idempotency_keys
     where at < clock_timestamp() - :days::int * interval '1 day' limit :rows))`,
);

/** Deletes those that are older; returns how many, `rows` at most. */
export function purgeAnswers(
  tx: SystemTransaction,
  { days, rows }: { readonly days: number; readonly rows: number },
): Promise<number> {
  return tx.execute(purge, { days, rows });
}
