import { Injectable } from '@nestjs/common';
import { Audit } from '../../platform/audit/audit.js';
import type { AuditRecord } from '../../platform/audit/audit-record.js';
import { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { Account } from '../users/accounts.js';

/** Where a request came from: for the throttle and the audit log. */
export interface RequestOrigin {
  readonly address: string;
  readonly requestId: string;
}

interface Person {
  readonly id: string;
  readonly username: string;
}

function subjectOf(account: Account | null): AuditRecord['subject'] {
  return { kind: 'user', id: account?.username ?? 'unknown' };
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
    permissions: new Set(),
    requestId,
  });
}

/**
 * Sign-ins in the audit log, exactly one entry each, so that failures cost the same for names that
 * exist and names that do not.
 */
@Injectable()
export class AuthenticationAudit {
  constructor(
    private readonly db: Database,
    private readonly audit: Audit,
  ) {}

  /**
   * A failure of an existing account is told to a tenant of that person, whose Admin knows them. A
   * name that nobody bears is told to the platform without the name: it is often a password, typed
   * into the wrong field.
   */
  async loginFailed(account: Account | null, origin: RequestOrigin): Promise<void> {
    await this.denied('login-failed', subjectOf(account), tenantOf(account), origin);
  }

  /** Instead of a failure each: guesses come from many networks never seen with the account. */
  async accountAttacked(account: Account | null, origin: RequestOrigin): Promise<void> {
    await this.denied('account-attacked', subjectOf(account), tenantOf(account), origin);
  }

  /** Told to the platform: an address belongs to no tenant. */
  async addressThrottled(origin: RequestOrigin): Promise<void> {
    const subject = { kind: 'address', id: origin.address };
    await this.denied('address-throttled', subject, PLATFORM_TENANT.id, origin);
  }

  private async denied(
    action: string,
    subject: AuditRecord['subject'],
    tenantId: string,
    { address, requestId }: RequestOrigin,
  ): Promise<void> {
    const nobody = { kind: 'system', id: 'login', name: 'anonymous', personId: null } as const;
    const permissions = new Set<never>();
    const context = new Context({ tenantId, actor: nobody, permissions, requestId });
    const record = { category: 'authentication', action, subject, result: 'denied' } as const;
    await this.db.transaction(context, (open) =>
      this.audit.append(open, { ...record, body: { address } }),
    );
  }

  /** In the transaction that opens the session. */
  async loggedIn(open: OpenContext, person: Person, origin: RequestOrigin): Promise<void> {
    await this.audit.append(open, {
      category: 'authentication',
      action: 'logged-in',
      subject: { kind: 'user', id: person.username },
      body: { address: origin.address },
    });
  }

  async sessionEnded(
    person: Person,
    tenantId: string,
    how: 'logged-out' | 'refresh-token-reused',
    origin: RequestOrigin,
  ): Promise<void> {
    const context = contextOfPerson(person, tenantId, origin.requestId);
    await this.db.transaction(context, (open) =>
      this.audit.append(open, {
        category: 'authentication',
        action: how,
        subject: { kind: 'user', id: person.username },
        result: how === 'logged-out' ? 'allowed' : 'denied',
        body: { address: origin.address },
      }),
    );
  }
}
