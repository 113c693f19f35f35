/** Passkeys: rows of `user_factors`; and `answered_challenges`, what they have signed already. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

export interface Passkey {
  readonly userId: string;
  readonly id: string;
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly transports: readonly string[];
}

const PASSKEYS = `select user_id as "userId", id, credential_id as "credentialId",
    public_key as "publicKey", coalesce(transports, '{}') as transports
  from user_factors`;

const find = statement<{ readonly credentialId: string }, Passkey>(
  'passkeys.find',
  `${PASSKEYS} where credential_id = :credentialId and kind = 'passkey'`,
);

export function findPasskey(
  tx: SystemTransaction,
  credentialId: string,
): Promise<Passkey | undefined> {
  return tx.first(find, { credentialId });
}

const listOf = statement<{ readonly userId: string }, Passkey>(
  'passkeys.of',
  `${PASSKEYS} where user_id = :userId and kind = 'passkey' order by id`,
);

export function passkeysOf(tx: SystemTransaction, userId: string): Promise<Passkey[]> {
  return tx.query(listOf, { userId });
}

type NewPasskey = {
  readonly userId: string;
  readonly id: string;
  readonly name: string;
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly now: Date;
};

const insert = statement<NewPasskey>(
  'passkeys.insert',
  `insert into user_factors (user_id, id, kind, name, credential_id, public_key, counter, transports,
     created_at, confirmed_at)
   values (:userId, :id, 'passkey', :name, :credentialId, :publicKey, :counter, :transports::text[],
     :now, :now)
   on conflict do nothing`,
);

/** False: somebody has it. */
export async function insertPasskey(tx: SystemTransaction, passkey: NewPasskey): Promise<boolean> {
  return (await tx.execute(insert, passkey)) > 0;
}

const rename = statement<{ readonly userId: string; readonly id: string; readonly name: string }>(
  'passkeys.rename',
  `update user_factors set name = :name where user_id = :userId and id = :id and kind = 'passkey'`,
);

export async function renamePasskey(
  tx: SystemTransaction,
  change: { readonly userId: string; readonly id: string; readonly name: string },
): Promise<boolean> {
  return (await tx.execute(rename, change)) > 0;
}

type Use = {
  readonly userId: string;
  readonly id: string;
  readonly counter: number;
  readonly now: Date;
};

const advance = statement<Use>(
  'passkeys.advance',
  `update user_factors set counter = :counter, last_used_at = :now
   where user_id = :userId and id = :id and kind = 'passkey'
     and (counter < :counter or counter = 0 and :counter::bigint = 0)`,
);

/** False: its counter was as far before. Those without a counter always say 0. */
export async function advancePasskey(tx: SystemTransaction, use: Use): Promise<boolean> {
  return (await tx.execute(advance, use)) > 0;
}

const answer = statement<{ readonly digest: string; readonly expiresAt: Date }>(
  'answered-challenges.insert',
  `insert into answered_challenges (digest, expires_at) values (:digest, :expiresAt)
   on conflict do nothing`,
);

const purge = statement<{ readonly now: Date; readonly rows: number }>(
  'answered-challenges.purge',
  `delete from answered_challenges where digest in (select digest from answered_challenges
     where expires_at < :now order by expires_at limit :rows for update skip locked)`,
);

/** Each answer makes one row and takes away two that are over. */
const PURGED = 2;

/** False: it was answered before. Over all processes. */
export async function answerChallenge(
  tx: SystemTransaction,
  challenge: { readonly digest: string; readonly expiresAt: Date; readonly now: Date },
): Promise<boolean> {
  const { digest, expiresAt, now } = challenge;
  const isFirst = (await tx.execute(answer, { digest, expiresAt })) > 0;
  await tx.execute(purge, { now, rows: PURGED });
  return isFirst;
}
