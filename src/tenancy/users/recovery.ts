import { randomBytes } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import type { Role } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import type { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { endSessionsEverywhere } from '../auth/sessions.store.js';
import { removeFactorsOf } from '../factors/factors.store.js';
import { exemptFromProviders } from '../identity-providers/emergency.store.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import { bindRole, lockAdminsOf } from '../permissions/role-bindings.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { tenantBySlug } from '../tenants/tenants.store.js';
import { accountKey, username as usernameSchema } from './account-name.js';
import { insertMembership } from './memberships.store.js';
import { recoveryTenantUnknown, recoveryUsernameInvalid } from './user.errors.js';
import { adminRecovered } from './users.events.js';
import {
  createUser,
  enableAccount,
  findAccount,
  lockPerson,
  setPasswordHash,
} from './users.store.js';

export interface RecoveryParts {
  readonly db: Database;
  readonly passwords: NewPasswords;
  readonly clock: Clock;
}

export interface RecoveryRequest {
  readonly username: string;
  readonly tenant: string;
  /** Null: one is made up. */
  readonly password: string | null;
  readonly isResettingFactors: boolean;
}

export interface Recovered {
  readonly username: string;
  readonly role: Role;
  /** Null: it was given. */
  readonly generatedPassword: string | null;
  readonly isNew: boolean;
  readonly endedSessions: number;
}

/**
 * The way back into a tenant that nobody can manage any more: makes somebody Admin of it, with a new
 * password and no session left. For whoever holds the server itself, so it asks for nothing. Repeating
 * it is safe. Throws `recovery-tenant-unknown`, `recovery-username-invalid`, `password-refused`.
 */
export async function recoverAdmin(
  parts: RecoveryParts,
  { username, tenant: slug, password, isResettingFactors }: RecoveryRequest,
): Promise<Recovered> {
  const { db, passwords } = parts;
  if (!usernameSchema.safeParse(username).success) throw recoveryUsernameInvalid();
  const tenant = await db.system((tx) => tenantBySlug(tx, slug));
  if (!tenant || tenant.status === 'deleted') throw recoveryTenantUnknown(slug);
  const generatedPassword = password === null ? randomBytes(15).toString('base64url') : null;
  const passwordHash = await passwords.hash(password ?? generatedPassword!, [username]);
  const found = await db.system((tx) => findAccount(tx, accountKey(username)));
  const opened = await db.system((tx) =>
    openAccount(parts, tx, { username, passwordHash, isResettingFactors }),
  );
  const role: Role = tenant.id === PLATFORM_TENANT.id ? 'PlatformAdmin' : 'Admin';
  await db.transaction(Context.system(tenant.id, 'recover'), async (open) => {
    await lockAdminsOf(open);
    await insertMembership(open, opened.id);
    await bindRole(open, { role, subject: { kind: 'user', id: opened.id } });
    // Else they would be sent to the provider that may be the reason for all this.
    await exemptFromProviders(open, username);
    const facts = { username, role, isNew: !found, hasFactorsReset: isResettingFactors };
    await open.record(adminRecovered(opened.id, facts));
  });
  const { endedSessions } = opened;
  return { username, role, generatedPassword, isNew: !found, endedSessions };
}

interface Opening {
  readonly username: string;
  readonly passwordHash: string;
  readonly isResettingFactors: boolean;
}

/** There, enabled, with that password and nothing open. */
async function openAccount(
  { clock }: RecoveryParts,
  tx: SystemTransaction,
  { username, passwordHash, isResettingFactors }: Opening,
): Promise<{ readonly id: string; readonly endedSessions: number }> {
  const made = await createUser(tx, { username, passwordHash });
  if (made !== null) return { id: made, endedSessions: 0 };
  const { id } = (await findAccount(tx, accountKey(username)))!;
  await lockPerson(tx, id);
  await enableAccount(tx, id);
  await setPasswordHash(tx, id, passwordHash);
  if (isResettingFactors) await removeFactorsOf(tx, id);
  const now = new Date(clock.now());
  return { id, endedSessions: await endSessionsEverywhere(tx, id, { now, except: null }) };
}
