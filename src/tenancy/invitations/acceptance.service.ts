import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { Grants } from '../../kernel/grants.js';
import { CLOCK } from '../../platform/clock.js';
import {
  findUnusedCredential,
  takeCredential,
} from '../../platform/credentials/credentials.store.js';
import type { OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { contextOfPerson, type RequestOrigin } from '../auth/authentication-audit.js';
import type { SignedIn } from '../auth/authenticator.js';
import { oneTimeTokenHash } from '../auth/one-time-token.js';
import { PasswordCheck, UncheckedRefusal } from '../auth/password-check.js';
import { TokenGuesses } from '../auth/token-guesses.js';
import { NewPasswords } from '../passwords/new-passwords.js';
import { grantsOf, type HeldRole } from '../permissions/bindings.js';
import { checkMayGive, findRoles } from '../permissions/giving.js';
import { lockAdminsOf } from '../permissions/role-bindings.store.js';
import { Standings } from '../permissions/standings.js';
import { completeDirectoryUser } from '../scim/users/completion.js';
import { loginFailed } from '../tenancy.errors.js';
import { TenantWrites } from '../tenants/tenant-writes.js';
import { tenantSlugOf } from '../tenants/tenants.queries.js';
import { FactorProofs } from '../factors/factor-proofs.js';
import { accountKey } from '../users/account-name.js';
import { Accounts } from '../users/accounts.js';
import { bindAll } from '../users/given-roles.js';
import { insertMembership } from '../users/memberships.store.js';
import {
  invitationForAnother,
  invitationInvalid,
  invitationNeedsAccount,
  usernameRequired,
  usernameTaken,
} from './invitation.errors.js';
import type { AcceptBody, Joined } from './invitations.dto.js';
import { invitationAccepted } from './invitations.events.js';
import { type Invitation, invitation } from './invitations.queries.js';

/** An invitation that somebody holds the token of. */
interface Held extends Invitation {
  readonly hash: string;
  readonly tenantId: string;
  readonly emailKey: string;
}

interface Person {
  readonly id: string;
  readonly username: string;
}

/**
 * What people do with an invitation. An account is made first, by the system's role; joining is one
 * transaction of the tenant that also uses the token up. Who was cut off between the two accepts again
 * with the same password, as everybody does who has an account.
 */
@Injectable()
export class AcceptanceService {
  constructor(
    private readonly database: Database,
    private readonly guesses: TokenGuesses,
    private readonly accounts: Accounts,
    private readonly passwords: PasswordCheck,
    private readonly factors: FactorProofs,
    private readonly newPasswords: NewPasswords,
    private readonly standings: Standings,
    private readonly writes: TenantWrites,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * By somebody who has no account, or proves with its password that theirs is theirs. Nobody is signed
   * in by it. Throws `invitation-invalid`, `invitation-needs-account`, `username-required`,
   * `username-taken`, `password-refused`, `login-throttled`, `login-busy`, `tenant-suspended`.
   */
  async accept(body: AcceptBody, origin: RequestOrigin): Promise<Joined> {
    const held = await this.held(body.token, origin);
    await this.writes.checkOpen(held.tenantId);
    const account = await this.accounts.find(held.emailKey);
    const person = account
      ? await this.proved(held, body.password, origin)
      : await this.register(held, body);
    return this.join(held, person, origin);
  }

  /** By who is signed in as whom it is for. Throws `invitation-invalid`, `invitation-for-another`, `tenant-suspended`. */
  async acceptAs(signedIn: SignedIn, token: string, origin: RequestOrigin): Promise<Joined> {
    const held = await this.held(token, origin);
    await this.writes.checkOpen(held.tenantId);
    const { userId: id, username } = signedIn;
    const account = await this.accounts.find(held.emailKey);
    if (account?.id !== id) throw invitationForAnother();
    return this.join(held, { id, username }, origin);
  }

  private held(token: string, origin: RequestOrigin): Promise<Held> {
    return this.guesses.run(origin, invitationInvalid, async () => {
      const hash = oneTimeTokenHash('invitation', token);
      if (hash === null) return null;
      const now = this.now();
      const found = await this.database.system((tx) =>
        findUnusedCredential(tx, { kind: 'invitation', hash }, now),
      );
      if (!found) return null;
      const data = invitation.parse(found.data);
      const { tenantId } = found;
      return { ...data, hash, tenantId, emailKey: accountKey(data.email) };
    });
  }

  private async proved(
    { emailKey }: Held,
    password: string,
    origin: RequestOrigin,
  ): Promise<Person> {
    try {
      const account = await this.passwords.prove({ username: emailKey, password }, origin);
      // A password alone is not enough of them: they join while signed in.
      if (await this.factors.hasAny(account.id)) throw invitationNeedsAccount();
      return account;
    } catch (error) {
      if (error instanceof UncheckedRefusal) throw error.refusal;
      // Whoever holds the token may know that the address has an account, and must.
      if ((error as { code?: string }).code === loginFailed.code) throw invitationNeedsAccount();
      throw error;
    }
  }

  private async register(held: Held, body: AcceptBody): Promise<Person> {
    const { username, password, displayName } = body;
    if (username === undefined) throw usernameRequired();
    const passwordHash = await this.newPasswords.hash(password, [username, held.email]);
    const facts = { username, email: held.email, displayName: displayName ?? null, passwordHash };
    const id = await this.accounts.create(facts);
    if (id === null) throw usernameTaken();
    return { id, username };
  }

  private async join(held: Held, person: Person, { requestId }: RequestOrigin): Promise<Joined> {
    const { tenantId, hash, email, inviterId } = held;
    const { directoryUserId } = held;
    const isDirectorys = directoryUserId !== undefined;
    const giver = isDirectorys ? null : await this.grantsOfInviter(tenantId, inviterId);
    const ctx = contextOfPerson(person, tenantId, requestId);
    return this.database.transaction(ctx, async (open) => {
      // Roles are given here, and groups of a directory give them, too.
      await lockAdminsOf(open);
      const now = this.now();
      const taken = await takeCredential(open.tx, { kind: 'invitation', hash }, now);
      if (!taken) throw invitationInvalid();
      const roles = await findRoles(open, held.roles);
      if (giver) mustStillBeGiven(giver, roles);
      if (isDirectorys) await completeOrRefuse(open, directoryUserId, person.id);
      else await insertMembership(open, person.id);
      await bindAll(open, person.id, roles);
      const { id: userId, username } = person;
      const facts = { email, roles: held.roles, username, userId };
      await open.record(invitationAccepted(taken.subjectId, facts));
      return { username, tenant: await tenantSlugOf(open) };
    });
  }

  /** What they may give now: an invitation must not outlive the power of whoever made it. */
  private async grantsOfInviter(tenantId: string, userId: string): Promise<Grants> {
    const standing = await this.standings.ask({ userId, tenantId, sessionId: null });
    if (!standing || standing.isDisabled) return Grants.none;
    return grantsOf(standing.roles);
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}

/** Throws `invitation-invalid`: the directory has taken it back, or knows the person by another name. */
async function completeOrRefuse(open: OpenContext, id: string, userId: string): Promise<void> {
  if (!(await completeDirectoryUser(open, { id, userId }))) throw invitationInvalid();
}

function mustStillBeGiven(giver: Grants, roles: readonly HeldRole[]): void {
  // A platform admin who acted in the tenant has no role in it.
  if (giver.find('tenants:manage')) return;
  try {
    if (!giver.find('users:manage')) throw invitationInvalid();
    checkMayGive(giver, roles);
  } catch {
    throw invitationInvalid();
  }
}
