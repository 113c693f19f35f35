import { newId } from '../../kernel/ids.js';
import type { Role } from '../../kernel/permission.js';
import type { Transaction } from '../../platform/database/transaction.js';
import { accountKey, username as usernameSchema } from './account-name.js';

export interface NewUser {
  readonly username: string;
  readonly email?: string;
  readonly passwordHash: string;
}

/** Inserts a person, in a transaction of the system's role. Returns null when the name is taken. */
export async function createUser(tx: Transaction, user: NewUser): Promise<string | null> {
  const { email = null, passwordHash } = user;
  // Checked here as well: a name with an @ could be taken for somebody else's address.
  const username = usernameSchema.parse(user.username);
  const [row] = await tx.query<{ id: string }>(
    `insert into users (id, username, username_key, email, email_key, password_hash)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id`,
    [newId(), username, accountKey(username), email, email && accountKey(email), passwordHash],
  );
  return row?.id ?? null;
}

/** Gives a person a role in a tenant; PlatformAdmin counts in the reserved tenant only. */
export async function grantRole(
  tx: Transaction,
  membership: { readonly tenantId: string; readonly userId: string; readonly role: Role },
): Promise<void> {
  await tx.execute(
    `insert into memberships (tenant_id, user_id, role) values ($1, $2, $3) on conflict do nothing`,
    [membership.tenantId, membership.userId, membership.role],
  );
}
