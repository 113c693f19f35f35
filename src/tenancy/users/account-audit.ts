import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { Event, EventBody } from '../../platform/events/event.js';
import { contextOfPerson } from '../auth/authentication-audit.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { Account } from './users.store.js';

/**
 * What people do to their accounts concerns every tenant in which they are something: each has it in its
 * log, written in the transaction in which it is done.
 */
@Injectable()
export class AccountAudit {
  constructor(private readonly db: Database) {}

  async tell<Body extends EventBody>(
    tx: SystemTransaction,
    account: Pick<Account, 'id' | 'username' | 'tenants'>,
    requestId: string,
    event: Event<Body>,
  ): Promise<void> {
    const tenants = account.tenants.length > 0 ? account.tenants : [PLATFORM_TENANT];
    for (const { id } of tenants) {
      const ctx = contextOfPerson(account, id, requestId);
      await this.db.record(tx, ctx, event);
    }
  }
}
