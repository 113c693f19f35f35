/** Who comes from a provider and has no account here yet, or is no member yet. */
import { randomBytes } from 'node:crypto';
import type { OpenContext } from '../../platform/context.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { accountKey } from '../users/account-name.js';
import { createUser, findAccount } from '../users/users.store.js';
import { isVerifiedDomain } from './domains.store.js';
import { insertIdentity } from './external-identities.store.js';
import { type ExternalPerson, meets, verifiedDomainOf } from './external-person.js';
import type { Admission, IdentityProviderRules } from './identity-provider.js';
import { accountUnlinked, identityTaken } from './identity-provider.errors.js';

const TRIES = 5;
/** With a suffix it is still a username. */
const STEM_CHARACTERS = 40;

/** What the tenant has decided of somebody whom it does not know. */
export interface Admitted {
  /** Verified by the provider, and of a domain that the tenant has verified; nothing else is kept. */
  readonly email: string | null;
}

/** Null: no rule lets the person in. */
export async function admit(
  open: OpenContext,
  { admissions }: IdentityProviderRules,
  person: ExternalPerson,
): Promise<Admitted | null> {
  const domain = verifiedDomainOf(person);
  const isOwn = domain !== null && (await isVerifiedDomain(open, domain));
  const lets = (one: Admission) => (one.by === 'domain' ? isOwn : meets(person, one));
  return admissions.some(lets) ? { email: isOwn ? person.email : null } : null;
}

/**
 * An account for somebody whom no account is linked to. Names and addresses that exist are never taken
 * over. Throws `account-unlinked`, `identity-taken`.
 */
export async function createLinkedAccount(
  tx: SystemTransaction,
  person: ExternalPerson,
  { email, now }: Admitted & { readonly now: Date },
): Promise<{ readonly id: string; readonly username: string }> {
  if (email !== null && (await findAccount(tx, accountKey(email)))) throw accountUnlinked();
  const stem = stemOf(person);
  const { displayName } = person;
  for (let turn = 0; turn < TRIES; turn += 1) {
    const username = turn === 0 ? stem : `${stem}-${randomBytes(3).toString('hex')}`;
    const facts = { username, passwordHash: null };
    const id = await createUser(tx, {
      ...facts,
      ...(email === null ? {} : { email }),
      ...(displayName === null ? {} : { displayName }),
    });
    if (id === null) continue;
    if (await insertIdentity(tx, person, { userId: id, now })) return { id, username };
    throw identityTaken();
  }
  throw accountUnlinked();
}

/** From what the provider calls them; without anything of use, from nothing. */
export function stemOf({ username, email }: Pick<ExternalPerson, 'username' | 'email'>): string {
  for (const given of [username, email]) {
    const local = (given ?? '').split('@')[0]!.normalize('NFKD').toLowerCase();
    const stem = local
      .replace(/\p{M}/gu, '')
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
      .slice(0, STEM_CHARACTERS);
    if (stem !== '') return stem;
  }
  return 'person';
}
