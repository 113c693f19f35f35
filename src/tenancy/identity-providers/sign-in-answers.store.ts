/**
 * The table `sign_in_answers`: what issuers have answered. By the hash of the state an answer is taken
 * once; by the hash of a code it is handed on once. By the system's role: nobody is signed in yet.
 */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

const PURGED = 100;

const purge = statement<{ readonly now: Date; readonly rows: number }>(
  'sign-in-answers.purge',
  `delete from sign_in_answers where ctid = any (array(
     select ctid from sign_in_answers where expires_at < :now limit :rows for update skip locked))`,
);

const take = statement<{
  readonly tenantId: string;
  readonly stateHash: string;
  readonly expiresAt: Date;
}>(
  'sign-in-answers.take',
  `insert into sign_in_answers (tenant_id, state_hash, expires_at)
   values (:tenantId, :stateHash, :expiresAt) on conflict do nothing`,
);

/** False: it was taken before. Drops some that are over. */
export async function takeAnswer(
  tx: SystemTransaction,
  taken: { readonly tenantId: string; readonly stateHash: string; readonly expiresAt: Date },
  now: Date,
): Promise<boolean> {
  await tx.execute(purge, { now, rows: PURGED });
  return (await tx.execute(take, taken)) > 0;
}

type Kept = {
  readonly stateHash: string;
  readonly codeHash: string;
  /** JSON. */
  readonly answer: string;
  readonly until: Date;
};

const keep = statement<Kept>(
  'sign-in-answers.keep',
  `update sign_in_answers set code_hash = :codeHash, answer = :answer::jsonb, answer_until = :until
   where state_hash = :stateHash and code_hash is null`,
);

export async function keepAnswer(tx: SystemTransaction, kept: Kept): Promise<void> {
  await tx.execute(keep, kept);
}

type Shown = { readonly codeHash: string; readonly now: Date };

const find = statement<Shown, { readonly answer: unknown }>(
  'sign-in-answers.find',
  `select answer from sign_in_answers
   where code_hash = :codeHash and used_at is null and answer_until > :now`,
);

/** Undefined: unknown, used or over. */
export async function findAnswer(tx: SystemTransaction, shown: Shown): Promise<unknown> {
  return (await tx.first(find, shown))?.answer;
}

const use = statement<Shown>(
  'sign-in-answers.use',
  `update sign_in_answers set used_at = :now, answer = null
   where code_hash = :codeHash and used_at is null and answer_until > :now`,
);

/** For one of several that try. False: somebody was first. */
export async function useAnswer(tx: SystemTransaction, shown: Shown): Promise<boolean> {
  return (await tx.execute(use, shown)) > 0;
}
