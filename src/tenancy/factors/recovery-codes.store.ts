/** Recovery codes: rows of `user_factors`, one for each that has not been used. */
import { newId } from '../../kernel/ids.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

const drop = statement<{ readonly userId: string }>(
  'recovery-codes.drop',
  `delete from user_factors where user_id = :userId and kind = 'recovery'`,
);

export async function dropRecoveryCodes(tx: SystemTransaction, userId: string): Promise<void> {
  await tx.execute(drop, { userId });
}

const insert = statement<{
  readonly userId: string;
  readonly ids: readonly string[];
  readonly digests: readonly string[];
  readonly now: Date;
}>(
  'recovery-codes.insert',
  `insert into user_factors (user_id, id, kind, code_digest, created_at, confirmed_at)
   select :userId, code.id, 'recovery', code.digest, :now, :now
   from unnest(:ids::uuid[], :digests::text[]) as code (id, digest)`,
);

/** Instead of all that there were. */
export async function replaceRecoveryCodes(
  tx: SystemTransaction,
  userId: string,
  { digests, now }: { readonly digests: readonly string[]; readonly now: Date },
): Promise<void> {
  await dropRecoveryCodes(tx, userId);
  await tx.execute(insert, { userId, ids: digests.map(() => newId()), digests, now });
}

const use = statement<{ readonly userId: string; readonly digest: string }>(
  'recovery-codes.use',
  `delete from user_factors
   where user_id = :userId and kind = 'recovery' and code_digest = :digest`,
);

/** False: there is none such, or no more. */
export async function takeRecoveryCode(
  tx: SystemTransaction,
  userId: string,
  digest: string,
): Promise<boolean> {
  return (await tx.execute(use, { userId, digest })) > 0;
}

const count = statement<{ readonly userId: string }, { readonly left: number }>(
  'recovery-codes.count',
  `select count(*)::int as left from user_factors where user_id = :userId and kind = 'recovery'`,
);

export async function countRecoveryCodes(tx: SystemTransaction, userId: string): Promise<number> {
  return (await tx.first(count, { userId }))?.left ?? 0;
}
