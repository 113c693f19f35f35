/**
 * The tables `users` and `memberships`: people, who are of no tenant, and what they are in which.
 * Written by the system's role only.
 */
import { newId } from '../../kernel/ids.js';
import type { Role } from '../../kernel/permission.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { accountKey, accountKeyColumn, username as usernameSchema } from './account-name.js';

interface AccountTenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly displayName: string | null;
  /** Null: they sign in elsewhere, or have yet to choose one. */
  readonly passwordHash: string | null;
  readonly isDisabled: boolean;
  /** Grows whenever all of their sessions end. */
  readonly signInEpoch: number;
  /** Digests of networks with the time of the last sign-in from each. */
  readonly knownNetworks: Readonly<Record<string, number>>;
  /** The tenants the person is a member of; deleted ones are left out. */
  readonly tenants: readonly AccountTenant[];
}

const ACCOUNTS = `select u.id, u.username, u.email, u.display_name as "displayName",
    u.password_hash as "passwordHash", u.disabled_at is not null as "isDisabled",
    u.sign_in_epoch as "signInEpoch", u.known_networks as "knownNetworks",
    coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name)
        order by t.slug)
      from tenants t where t.status not in ('deleting', 'deleted') and exists (
        select 1 from memberships m where m.tenant_id = t.id and m.user_id = u.id)
    ), '[]') as tenants
  from users u`;

const findByUsername = statement<{ readonly key: string }, Account>(
  'users.find-by-username',
  `${ACCOUNTS} where u.username_key = :key`,
);

const findByEmail = statement<{ readonly key: string }, Account>(
  'users.find-by-email',
  `${ACCOUNTS} where u.email_key = :key`,
);

/** `key` is an accountKey of a username or an e-mail address. */
export function findAccount(tx: SystemTransaction, key: string): Promise<Account | undefined> {
  const isEmail = accountKeyColumn(key) === 'email_key';
  if (isEmail) return tx.first(findByEmail, { key });
  return tx.first(findByUsername, { key });
}

const findById = statement<{ readonly userId: string }, Account>(
  'users.find-by-id',
  `${ACCOUNTS} where u.id = :userId`,
);

export function accountOf(tx: SystemTransaction, userId: string): Promise<Account | undefined> {
  return tx.first(findById, { userId });
}

const lock = statement<{ readonly userId: string }>(
  'users.lock',
  `select pg_advisory_xact_lock(hashtextextended('tidegate:person:' || :userId::text, 0))`,
);

/**
 * Until the transaction ends: what ends somebody's sessions, what changes their factors and what opens a
 * session go one after the other, so that none is opened behind the back of what ends them all. No lock of
 * the row: the application, which opens sessions, may not write it.
 */
export async function lockPerson(
  tx: Pick<SystemTransaction, 'execute'>,
  userId: string,
): Promise<void> {
  await tx.execute(lock, { userId });
}

const nextEpoch = statement<{ readonly userId: string }>(
  'users.next-sign-in-epoch',
  'update users set sign_in_epoch = sign_in_epoch + 1 where id = :userId',
);

/** Sign-ins that are under way come to nothing. Belongs to whatever ends all sessions of a person. */
export async function endSignIns(tx: SystemTransaction, userId: string): Promise<void> {
  await tx.execute(nextEpoch, { userId });
}

const findEpoch = statement<{ readonly userId: string }, { readonly signInEpoch: number }>(
  'users.find-sign-in-epoch',
  'select sign_in_epoch as "signInEpoch" from users where id = :userId',
);

/**
 * Whether all sessions of the person have ended since the account was read; what follows in the
 * transaction is before the next time. For a member of the open tenant.
 */
export async function isSignInGood(
  open: OpenContext,
  { id: userId, signInEpoch }: Pick<Account, 'id' | 'signInEpoch'>,
): Promise<boolean> {
  await lockPerson(open.tx, userId);
  return (await open.tx.first(findEpoch, { userId }))?.signInEpoch === signInEpoch;
}

const findAny = statement<Record<never, never>, { readonly id: string }>(
  'users.find-any',
  'select id from users limit 1',
);

export async function hasUsers(tx: SystemTransaction): Promise<boolean> {
  return (await tx.first(findAny)) !== undefined;
}

export interface NewUser {
  readonly username: string;
  readonly email?: string | null;
  readonly displayName?: string | null;
  /** Null: they sign in elsewhere, or have yet to choose one. */
  readonly passwordHash: string | null;
}

const insert = statement<
  {
    readonly id: string;
    readonly username: string;
    readonly usernameKey: string;
    readonly email: string | null;
    readonly emailKey: string | null;
    readonly displayName: string | null;
    readonly passwordHash: string | null;
  },
  { readonly id: string }
>(
  'users.insert',
  `insert into users (id, username, username_key, email, email_key, display_name, password_hash)
   values (:id, :username, :usernameKey, :email, :emailKey, :displayName, :passwordHash)
   on conflict do nothing returning id`,
);

/** Returns the id; null when the name is taken. Throws ZodError for a name that none can have. */
export async function createUser(tx: SystemTransaction, user: NewUser): Promise<string | null> {
  const { email = null, displayName = null, passwordHash } = user;
  // Checked here as well: a name with an @ could be taken for somebody else's address.
  const username = usernameSchema.parse(user.username);
  const row = await tx.first(insert, {
    id: newId(),
    username,
    usernameKey: accountKey(username),
    email,
    emailKey: email && accountKey(email),
    displayName,
    passwordHash,
  });
  return row?.id ?? null;
}

type FirstRole = { readonly tenantId: string; readonly userId: string; readonly role: Role };

const grant = statement<FirstRole & { readonly id: string }>(
  'memberships.grant',
  `with member as (
     insert into memberships (tenant_id, user_id) values (:tenantId, :userId)
     on conflict do nothing)
   insert into role_bindings (tenant_id, id, built_in_role, subject_kind, subject_id)
   values (:tenantId, :id, :role, 'user', :userId) on conflict do nothing`,
);

/** Makes a person a member with a built-in role everywhere: for those who are there before anybody. */
export async function grantRole(tx: SystemTransaction, first: FirstRole): Promise<void> {
  const { tenantId, userId, role } = first;
  await tx.execute(grant, { tenantId, userId, role, id: newId() });
}

const replaceHash = statement<{
  readonly userId: string;
  readonly former: string;
  readonly passwordHash: string;
}>(
  'users.replace-password-hash',
  `update users set password_hash = :passwordHash
   where id = :userId and password_hash = :former`,
);

/** Only if nobody changed the password meanwhile. */
export async function replacePasswordHash(
  tx: SystemTransaction,
  userId: string,
  hashes: { readonly former: string; readonly passwordHash: string },
): Promise<void> {
  const { former, passwordHash } = hashes;
  await tx.execute(replaceHash, { userId, former, passwordHash });
}

type SeenNetwork = {
  readonly userId: string;
  /** The network's digest. */
  readonly network: string;
  /** In ms since the epoch, as the two that follow. */
  readonly seenAt: number;
  /** One that was seen later than this is written again some other day. */
  readonly seenBefore: number;
  readonly forgetBefore: number;
  readonly kept: number;
};

const learn = statement<SeenNetwork>(
  'users.learn-network',
  `update users set known_networks = (
     select jsonb_object_agg(key, value) from (
       select key, value
       from jsonb_each(known_networks || jsonb_build_object(:network::text, :seenAt::bigint))
       where value::bigint > :forgetBefore::bigint
       order by value::bigint desc limit :kept) as recent)
   where id = :userId
     and coalesce((known_networks ->> :network::text)::bigint, 0) <= :seenBefore::bigint`,
);

export async function learnNetwork(tx: SystemTransaction, seen: SeenNetwork): Promise<void> {
  await tx.execute(learn, seen);
}

const setHash = statement<{ readonly userId: string; readonly passwordHash: string }>(
  'users.set-password-hash',
  'update users set password_hash = :passwordHash where id = :userId',
);

export async function setPasswordHash(
  tx: SystemTransaction,
  userId: string,
  passwordHash: string,
): Promise<void> {
  await tx.execute(setHash, { userId, passwordHash });
}

const setName = statement<{ readonly userId: string; readonly displayName: string | null }>(
  'users.set-display-name',
  'update users set display_name = :displayName where id = :userId',
);

export async function setDisplayName(
  tx: SystemTransaction,
  userId: string,
  displayName: string | null,
): Promise<void> {
  await tx.execute(setName, { userId, displayName });
}

type NewEmail = {
  readonly userId: string;
  readonly email: string | null;
  readonly emailKey: string | null;
};

const setEmail = statement<NewEmail, { readonly id: string }>(
  'users.set-email',
  `update users set email = :email, email_key = :emailKey where id = :userId
     and not exists (select 1 from users where email_key = :emailKey and id <> :userId)
   returning id`,
);

/** False: somebody else has this address. */
export async function setAccountEmail(
  tx: SystemTransaction,
  userId: string,
  email: string | null,
): Promise<boolean> {
  const emailKey = email && accountKey(email);
  return (await tx.first(setEmail, { userId, email, emailKey })) !== undefined;
}

const enable = statement<{ readonly userId: string }>(
  'users.enable',
  'update users set disabled_at = null where id = :userId',
);

export async function enableAccount(tx: SystemTransaction, userId: string): Promise<void> {
  await tx.execute(enable, { userId });
}

const disable = statement<{ readonly userId: string; readonly now: Date }>(
  'users.disable',
  'update users set disabled_at = coalesce(disabled_at, :now) where id = :userId',
);

export async function disableAccount(
  tx: SystemTransaction,
  userId: string,
  now: Date,
): Promise<void> {
  await tx.execute(disable, { userId, now });
}
