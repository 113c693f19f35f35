import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../kernel/clock.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { checkMayGive } from '../../permissions/giving.js';
import { lockAdminsOf } from '../../permissions/role-bindings.store.js';
import { DirectoryInvitations } from './directory-invitations.js';
import { DirectoryUserEntity } from './directory-user.entity.js';
import type { DirectoryUsersQuery } from './directory-users.dto.js';
import { directoryUserNotFound, directoryUserNotWaiting } from './directory-users.errors.js';
import { rolesByDirectoryGroups } from './directory-users.queries.js';
import {
  directoryUserView,
  type DirectoryUserView,
  directoryUserViews,
} from './directory-users.views.js';

/** What people of the tenant see of their directory, and can do: ask somebody in once more. */
@Injectable()
export class DirectoryUsersService {
  constructor(
    private readonly database: Database,
    private readonly invitations: DirectoryInvitations,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context, query: DirectoryUsersQuery): Promise<Page<DirectoryUserView>> {
    const now = new Date(this.clock.now());
    return this.database.transaction(ctx, (open) =>
      newestFirst('directory-users', query, (before, take) =>
        directoryUserViews(open, query, { now, before, take }),
      ),
    );
  }

  /**
   * Whoever sees the link could become that user: they must hold what its groups would give. Throws
   * `directory-user-not-found`, `directory-user-not-waiting`, `role-beyond-own`, and what mail does.
   */
  invite(ctx: Context, id: string): Promise<{ readonly link: string | null }> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const seen = await directoryUserView(open, id, new Date(this.clock.now()));
      if (!seen) throw directoryUserNotFound();
      if (seen.state !== 'waiting' || seen.email === null) {
        throw directoryUserNotWaiting(seen.state);
      }
      checkMayGive(open.grants, await rolesByDirectoryGroups(open, id));
      const { tenantId } = open;
      const user = await open.tx.repository(DirectoryUserEntity).findOneByOrFail({ tenantId, id });
      return { link: await this.invitations.send(open, user, seen.email) };
    });
  }
}
