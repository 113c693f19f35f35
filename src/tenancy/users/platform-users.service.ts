import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { Event, EventBody } from '../../platform/events/event.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { emailTaken } from '../account/account.errors.js';
import { endSessionsEverywhere } from '../auth/sessions.store.js';
import { removeFactorsOf } from '../factors/factors.store.js';
import { PLATFORM_TENANT } from '../tenants/platform-tenant.js';
import { AccountNotices } from './account-notices.js';
import type { AccountsQuery, AccountView } from './platform-users.dto.js';
import { accountView, accountViews } from './platform-users.views.js';
import { accountNotFound, ownAccount } from './user.errors.js';
import {
  accountDisabled,
  accountEmailSet,
  accountEnabled,
  accountFactorsReset,
  accountSignedOut,
} from './users.events.js';
import { disableAccount, enableAccount, lockPerson, setAccountEmail } from './users.store.js';

type Work = (tx: SystemTransaction) => Promise<void>;

/** Accounts in an emergency: found, shut, opened, signed out, without factors. What they may do is their tenants' business. */
@Injectable()
export class PlatformUsersService {
  constructor(
    private readonly db: Database,
    private readonly notices: AccountNotices,
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
    const work: Work = async (tx) => {
      await disableAccount(tx, id, this.now());
      await endSessionsEverywhere(tx, id, { now: this.now(), except: null });
    };
    return this.change(ctx, id, work, ({ username }) => accountDisabled(id, { username }));
  }

  /** Throws `account-not-found`. */
  enable(ctx: Context, id: string): Promise<AccountView> {
    const work: Work = (tx) => enableAccount(tx, id);
    return this.change(ctx, id, work, ({ username }) => accountEnabled(id, { username }));
  }

  /** Throws `account-not-found`. */
  endSessions(ctx: Context, id: string): Promise<AccountView> {
    const work: Work = async (tx) => {
      await endSessionsEverywhere(tx, id, { now: this.now(), except: null });
    };
    return this.change(ctx, id, work, ({ username }) => accountSignedOut(id, { username }));
  }

  /** Throws `account-not-found`, `email-taken`. */
  setEmail(ctx: Context, id: string, email: string | null): Promise<AccountView> {
    const work: Work = async (tx) => {
      if (!(await setAccountEmail(tx, id, email))) throw emailTaken();
    };
    return this.change(ctx, id, work, ({ username }) => accountEmailSet(id, { username }));
  }

  /**
   * For who has lost all that they could show: the password is all that is asked of them until they enrol
   * something again. They are told by mail. Throws `account-not-found`, `own-account`.
   */
  async resetFactors(ctx: Context, id: string, reason: string): Promise<AccountView> {
    if (ctx.actor.personId === id) throw ownAccount();
    const account = await this.change(
      ctx,
      id,
      async (tx) => {
        await removeFactorsOf(tx, id);
        await endSessionsEverywhere(tx, id, { now: this.now(), except: null });
      },
      ({ username }) => accountFactorsReset(id, { username, reason }),
    );
    this.notices.tell(account, 'factors-reset', null);
    return account;
  }

  private async change<Body extends EventBody>(
    ctx: Context,
    id: string,
    work: Work,
    eventOf: (account: AccountView) => Event<Body>,
  ): Promise<AccountView> {
    const { actor, grants, requestId } = ctx;
    const ofPlatform = new Context({ tenantId: PLATFORM_TENANT.id, actor, grants, requestId });
    return this.db.system(async (tx) => {
      await lockPerson(tx, id);
      const before = await find(tx, id);
      await work(tx);
      const after = await find(tx, id);
      await this.db.record(tx, ofPlatform, changing(eventOf(before), { before, after }));
      return after;
    });
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
