import { Injectable } from '@nestjs/common';
import { Grants } from '../../kernel/grants.js';
import { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { EventType } from '../../platform/events/event.js';
import { networkOf } from '../../platform/http/client-address.js';
import { recordFolded } from '../../platform/audit/folds/folded.js';
import { recoveryCodeUsed } from '../factors/factors.events.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { Account } from '../users/users.store.js';
import {
  accountAttacked,
  addressThrottled,
  loggedIn,
  loggedOut,
  loginFailed,
  refreshTokenReused,
} from './authentication.events.js';

import type { SignInFacts } from './refresh-token.js';

/** Where a request came from: for the throttle and the audit log. */
export interface RequestOrigin {
  readonly address: string;
  readonly requestId: string;
  /** What the client says of itself (User-Agent), cut short; null: nothing. */
  readonly client: string | null;
}

interface Person {
  readonly id: string;
  readonly username: string;
}

function nameOf(account: Account | null): string {
  return account?.username ?? 'unknown';
}

function tenantOf(account: Account | null): string {
  return account?.tenants[0]?.id ?? PLATFORM_TENANT.id;
}

/** The context in which a person's own sign-in is written: no permission, only a name. */
export function contextOfPerson(person: Person, tenantId: string, requestId: string): Context {
  const { id, username } = person;
  return new Context({
    tenantId,
    actor: { kind: 'user', id, name: username, personId: id },
    grants: Grants.none,
    requestId,
  });
}

/**
 * Sign-ins in the audit log, exactly one entry each, so that failures cost the same for names that
 * exist and names that do not.
 */
@Injectable()
export class AuthenticationAudit {
  constructor(private readonly db: Database) {}

  /**
   * A failure of an existing account is told to a tenant of that person, whose Admin knows them. A
   * name that nobody bears is told to the platform without the name: it is often a password, typed
   * into the wrong field.
   */
  async loginFailed(account: Account | null, origin: RequestOrigin): Promise<void> {
    await this.denied(loginFailed, nameOf(account), tenantOf(account), origin);
  }

  /** Instead of a failure each: guesses come from many networks never seen with the account. */
  async accountAttacked(account: Account | null, origin: RequestOrigin): Promise<void> {
    await this.denied(accountAttacked, nameOf(account), tenantOf(account), origin);
  }

  /** Told to the platform: an address belongs to no tenant. */
  async addressThrottled(origin: RequestOrigin): Promise<void> {
    await this.denied(addressThrottled, origin.address, PLATFORM_TENANT.id, origin);
  }

  private async denied(
    type: EventType<{ readonly address: string }>,
    subjectId: string,
    tenantId: string,
    { address, requestId }: RequestOrigin,
  ): Promise<void> {
    const nobody = { kind: 'system', id: 'login', name: 'anonymous', personId: null } as const;
    const ctx = new Context({ tenantId, actor: nobody, grants: Grants.none, requestId });
    await this.db.transaction(ctx, (open) => open.record(type(subjectId, { address }, 'denied')));
  }

  /** In the transaction that opens the session. Many of one sort from one network are one entry. */
  async loggedIn(
    open: OpenContext,
    person: Person,
    { address }: RequestOrigin,
    { method, hasFactor }: Pick<SignInFacts, 'method' | 'hasFactor'>,
  ): Promise<void> {
    const eventOf = (count: number) =>
      loggedIn(person.username, { address, method, hasFactor, count });
    const kind = `${method} ${String(hasFactor)} ${networkOf(address)}`;
    await recordFolded(open, eventOf, { kind });
  }

  /** In the transaction that opens the session. */
  async recoveryCodeUsed(
    open: OpenContext,
    person: Person,
    { address }: RequestOrigin,
    left: number,
  ): Promise<void> {
    await open.record(recoveryCodeUsed(person.username, { address, left }));
  }

  /** In the transaction that ends it. */
  async sessionEnded(
    tx: SystemTransaction,
    person: Person,
    tenantId: string,
    how: 'logged-out' | 'refresh-token-reused',
    { address, requestId }: RequestOrigin,
  ): Promise<void> {
    const event =
      how === 'logged-out'
        ? loggedOut(person.username, { address })
        : refreshTokenReused(person.username, { address }, 'denied');
    await this.db.record(tx, contextOfPerson(person, tenantId, requestId), event);
  }
}
