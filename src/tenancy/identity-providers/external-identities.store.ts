/**
 * The table `external_identities`: people as issuers know them, by `iss` and `sub` and nothing else.
 * Global, as people are; by the system's role only.
 */
import { newId } from '../../kernel/ids.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

export type AtIssuer = { readonly issuer: string; readonly subject: string };

/** Whose it is, with all that a sign-in asks of an account. */
export interface LinkedAccount {
  readonly id: string;
  readonly username: string;
  readonly isDisabled: boolean;
  readonly tenants: readonly { readonly id: string; readonly slug: string }[];
}

const findAccount = statement<AtIssuer, LinkedAccount>(
  'external-identities.find-account',
  `select u.id, u.username, u.disabled_at is not null as "isDisabled",
     coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'slug', t.slug) order by t.slug)
       from tenants t join memberships m on m.tenant_id = t.id
       where m.user_id = u.id and t.status <> 'deleted'), '[]') as tenants
   from external_identities e join users u on u.id = e.user_id
   where e.issuer = :issuer and e.subject = :subject`,
);

export function accountOfIdentity(
  tx: SystemTransaction,
  { issuer, subject }: AtIssuer,
): Promise<LinkedAccount | undefined> {
  return tx.first(findAccount, { issuer, subject });
}

const insert = statement<
  AtIssuer & { readonly id: string; readonly userId: string; readonly now: Date },
  { readonly id: string }
>(
  'external-identities.insert',
  `insert into external_identities (id, issuer, subject, user_id, created_at, last_used_at)
   values (:id, :issuer, :subject, :userId, :now, :now) on conflict do nothing returning id`,
);

/** False: somebody has it already. */
export async function insertIdentity(
  tx: SystemTransaction,
  { issuer, subject }: AtIssuer,
  { userId, now }: { readonly userId: string; readonly now: Date },
): Promise<boolean> {
  const id = newId();
  return (await tx.first(insert, { id, issuer, subject, userId, now })) !== undefined;
}

const touch = statement<AtIssuer & { readonly now: Date }>(
  'external-identities.touch',
  'update external_identities set last_used_at = :now where issuer = :issuer and subject = :subject',
);

export async function touchIdentity(
  tx: SystemTransaction,
  { issuer, subject }: AtIssuer,
  now: Date,
): Promise<void> {
  await tx.execute(touch, { issuer, subject, now });
}

export interface LinkedIdentity {
  readonly id: string;
  readonly issuer: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

const list = statement<{ readonly userId: string }, LinkedIdentity>(
  'external-identities.list',
  `select id, issuer, created_at as "createdAt", last_used_at as "lastUsedAt"
   from external_identities where user_id = :userId order by id desc`,
);

export function identitiesOf(tx: SystemTransaction, userId: string): Promise<LinkedIdentity[]> {
  return tx.query(list, { userId });
}

const lockPerson = statement<{ readonly userId: string }, { readonly hasPassword: boolean }>(
  'external-identities.lock-person',
  'select password_hash is not null as "hasPassword" from users where id = :userId for update',
);

/** One change of a person's ways in at a time. Whether they have a password. */
export async function lockWaysIn(tx: SystemTransaction, userId: string): Promise<boolean> {
  return (await tx.first(lockPerson, { userId }))?.hasPassword ?? false;
}

const remove = statement<{ readonly userId: string; readonly id: string }>(
  'external-identities.remove',
  'delete from external_identities where user_id = :userId and id = :id',
);

export async function removeIdentity(
  tx: SystemTransaction,
  userId: string,
  id: string,
): Promise<void> {
  await tx.execute(remove, { userId, id });
}
