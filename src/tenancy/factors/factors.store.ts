/** The table `user_factors`: what people show beside a password. Passkeys: passkeys.store.ts. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

/** What a second factor is; recovery codes stand in for one. */
export const FACTOR_KINDS = ['totp', 'passkey'] as const;
export type FactorKind = (typeof FACTOR_KINDS)[number];

export interface Factor {
  readonly id: string;
  readonly kind: FactorKind;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

const list = statement<{ readonly userId: string }, Factor>(
  'user-factors.list',
  `select id, kind, name, created_at as "createdAt", last_used_at as "lastUsedAt"
   from user_factors
   where user_id = :userId and kind <> 'recovery' and confirmed_at is not null
   order by created_at desc, id desc`,
);

/** Those that count, the newest first. */
export function listFactors(tx: SystemTransaction, userId: string): Promise<Factor[]> {
  return tx.query(list, { userId });
}

type OfPerson = { readonly userId: string; readonly id: string };

const remove = statement<OfPerson & { readonly kind: FactorKind }>(
  'user-factors.remove',
  `delete from user_factors
   where user_id = :userId and id = :id and kind = :kind and confirmed_at is not null`,
);

/** False: there is none. */
export async function removeFactor(
  tx: SystemTransaction,
  factor: OfPerson & { readonly kind: FactorKind },
): Promise<boolean> {
  return (await tx.execute(remove, factor)) > 0;
}

const removeAll = statement<{ readonly userId: string }>(
  'user-factors.remove-all',
  'delete from user_factors where user_id = :userId',
);

/** Recovery codes among them: for who has lost them all, on the word of whoever holds the server. */
export async function removeFactorsOf(tx: SystemTransaction, userId: string): Promise<void> {
  await tx.execute(removeAll, { userId });
}

const dropPending = statement<{ readonly userId: string }>(
  'user-factors.drop-pending',
  `delete from user_factors where user_id = :userId and kind = 'totp' and confirmed_at is null`,
);

type NewTotp = OfPerson & {
  readonly name: string;
  readonly sealedSecret: string;
  readonly now: Date;
};

const insertTotp = statement<NewTotp>(
  'user-factors.insert-totp',
  `insert into user_factors (user_id, id, kind, name, sealed_secret, created_at)
   values (:userId, :id, 'totp', :name, :sealedSecret, :now)`,
);

/** Takes the place of one that nobody has confirmed. */
export async function beginTotp(tx: SystemTransaction, factor: NewTotp): Promise<void> {
  await tx.execute(dropPending, { userId: factor.userId });
  await tx.execute(insertTotp, factor);
}

export interface TotpFactor {
  readonly id: string;
  readonly sealedSecret: string;
}

const pendingTotp = statement<{ readonly userId: string; readonly since: Date }, TotpFactor>(
  'user-factors.pending-totp',
  `select id, sealed_secret as "sealedSecret" from user_factors
   where user_id = :userId and kind = 'totp' and confirmed_at is null and created_at > :since`,
);

export function findPendingTotp(
  tx: SystemTransaction,
  userId: string,
  since: Date,
): Promise<TotpFactor | undefined> {
  return tx.first(pendingTotp, { userId, since });
}

type Step = OfPerson & { readonly step: number; readonly now: Date };

const confirmTotp = statement<Step>(
  'user-factors.confirm-totp',
  `update user_factors set confirmed_at = :now, last_step = :step, last_used_at = :now
   where user_id = :userId and id = :id and kind = 'totp' and confirmed_at is null`,
);

/** False: somebody was faster. */
export async function confirmPendingTotp(tx: SystemTransaction, step: Step): Promise<boolean> {
  return (await tx.execute(confirmTotp, step)) > 0;
}

const totpOf = statement<{ readonly userId: string }, TotpFactor>(
  'user-factors.totp-of',
  `select id, sealed_secret as "sealedSecret" from user_factors
   where user_id = :userId and kind = 'totp' and confirmed_at is not null order by id`,
);

export function totpFactorsOf(tx: SystemTransaction, userId: string): Promise<TotpFactor[]> {
  return tx.query(totpOf, { userId });
}

const acceptStep = statement<Step>(
  'user-factors.accept-step',
  `update user_factors set last_step = :step, last_used_at = :now
   where user_id = :userId and id = :id and kind = 'totp' and confirmed_at is not null
     and (last_step is null or last_step < :step)`,
);

/** False: the code of that step, or of a later one, was accepted before. Over all processes. */
export async function acceptTotpStep(tx: SystemTransaction, step: Step): Promise<boolean> {
  return (await tx.execute(acceptStep, step)) > 0;
}

const resealTotp = statement<OfPerson & { readonly former: string; readonly sealedSecret: string }>(
  'user-factors.reseal-totp',
  `update user_factors set sealed_secret = :sealedSecret
   where user_id = :userId and id = :id and sealed_secret = :former`,
);

/** Under the key of today. */
export async function resealTotpSecret(
  tx: SystemTransaction,
  change: OfPerson & { readonly former: string; readonly sealedSecret: string },
): Promise<void> {
  await tx.execute(resealTotp, change);
}
