import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { EventType } from '../../platform/events/event.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { emailTaken } from '../account/account.errors.js';
import { endSessionsEverywhere } from '../auth/sessions.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import type { AccountsQuery, AccountView } from './platform-users.dto.js';
import { accountView, accountViews } from './platform-users.views.js';
import { accountNotFound, ownAccount } from './user.errors.js';
import {
  accountDisabled,
  accountEmailSet,
  accountEnabled,
  accountSignedOut,
} from './users.events.js';
import { disableAccount, enableAccount, lockPerson, setAccountEmail } from './users.store.js';

type Work = (tx: SystemTransaction) => Promise<void>;

/** Accounts in an emergency: found, shut, opened, signed out. What they may do is their tenants' business. */
@Injectable()
export class PlatformUsersService {
  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(query: AccountsQuery): Promise<Page<AccountView>> {
    return this.db.system((tx) =>
      newestFirst('accounts', query, (before, take) =>
        accountViews(tx, query.text, { before, take }),
      ),
    );
  }

  /** Throws `account-not-found`. */
  get(id: string): Promise<AccountView> {
    return this.db.system((tx) => find(tx, id));
  }

  /** Out of all tenants within five seconds. Throws `account-not-found`, `own-account`. */
  disable(ctx: Context, id: string): Promise<AccountView> {
    if (ctx.actor.personId === id) throw ownAccount();
    return this.change(ctx, id, accountDisabled, async (tx) => {
      await disableAccount(tx, id, this.now());
      await endSessionsEverywhere(tx, id, { now: this.now(), except: null });
    });
  }

  /** Throws `account-not-found`. */
  enable(ctx: Context, id: string): Promise<AccountView> {
    return this.change(ctx, id, accountEnabled, (tx) => enableAccount(tx, id));
  }

  /** Throws `account-not-found`. */
  endSessions(ctx: Context, id: string): Promise<AccountView> {
    return this.change(ctx, id, accountSignedOut, async (tx) => {
      await endSessionsEverywhere(tx, id, { now: this.now(), except: null });
    });
  }

  /** Throws `account-not-found`, `email-taken`. */
  setEmail(ctx: Context, id: string, email: string | null): Promise<AccountView> {
    return this.change(ctx, id, accountEmailSet, async (tx) => {
      if (!(await setAccountEmail(tx, id, email))) throw emailTaken();
    });
  }

  private async change(
    ctx: Context,
    id: string,
    event: EventType<{ readonly username: string }>,
    work: Work,
  ): Promise<AccountView> {
    const account = await this.db.system(async (tx) => {
      await lockPerson(tx, id);
      await find(tx, id);
      await work(tx);
      return find(tx, id);
    });
    const { actor, grants, requestId } = ctx;
    const ofPlatform = new Context({ tenantId: PLATFORM_TENANT.id, actor, grants, requestId });
    const { username } = account;
    await this.db.transaction(ofPlatform, (open) => open.record(event(id, { username })));
    return account;
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}

async function find(tx: SystemTransaction, id: string): Promise<AccountView> {
  const account = await accountView(tx, id);
  if (account) return account;
  throw accountNotFound();
}
