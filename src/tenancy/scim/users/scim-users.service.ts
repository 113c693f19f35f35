import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../../kernel/clock.js';
import { isId, newId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { insertNew, updateOne } from '../../../platform/database/entity-rows.js';
import { changing } from '../../../platform/events/changing.js';
import { lockAdminsOf } from '../../permissions/role-bindings.store.js';
import { USER } from '../protocol/attributes.js';
import { type ListQuery, type Shown, type ShownQuery, shownAs } from '../protocol/messages.js';
import { patched } from '../protocol/patch.js';
import { readResource } from '../protocol/resource.js';
import { scimLimit, scimNameTaken, scimNotFound } from '../protocol/scim.errors.js';
import { checkSeen } from '../protocol/versions.js';
import { ScimAddress } from '../scim-address.js';
import { domainsOfDirectory } from '../tokens/directory-tokens.queries.js';
import { DirectoryInvitations } from './directory-invitations.js';
import {
  changedBetween,
  checkDomain,
  type DirectoryUserFields,
  fieldsOf,
  resourceOf,
  shownUser,
} from './directory-user-fields.js';
import { DirectoryUserEntity } from './directory-user.entity.js';
import * as events from './directory-users.events.js';
import { countDirectoryUsers } from './directory-users.queries.js';
import { forgetGroupsOf } from './directory-users.store.js';
import { putOut, takeIn } from './membership-changes.js';
import { listedUsers } from './scim-users.list.js';

/** What a request asks beside its body. */
export interface Asked {
  readonly query: ShownQuery;
  readonly ifMatch?: string | undefined;
}

/**
 * Whom a directory tells of. It acts on memberships of this tenant alone: accounts, addresses, passwords
 * and factors are the people's own, and nobody becomes an account by their address.
 */
@Injectable()
export class ScimUsersService {
  constructor(
    private readonly database: Database,
    private readonly invitations: DirectoryInvitations,
    private readonly address: ScimAddress,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws `scim-filter-invalid`. */
  list(ctx: Context, query: ListQuery): Promise<object> {
    return this.database.transaction(ctx, (open) => listedUsers(open, query, this.address.base));
  }

  /** Throws `scim-not-found`. */
  get(ctx: Context, id: string, query: ShownQuery): Promise<Shown> {
    return this.database.transaction(ctx, async (open) =>
      shownAs(this.shown(await find(open, id)), query),
    );
  }

  /** Throws `scim-limit`, `scim-name-taken`, and what reading a body does. */
  create(ctx: Context, body: unknown, query: ShownQuery): Promise<Shown> {
    const fields = fieldsOf(readResource(USER, body), true);
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      checkDomain(fields.email, (await domainsOfDirectory(open)) ?? []);
      if ((await countDirectoryUsers(open)) >= limits.directoryUsersPerTenant) {
        throw scimLimit('users');
      }
      const at = new Date(this.clock.now());
      const { tenantId } = open;
      const row = { ...fields, tenantId, id: newId(), createdAt: at, changedAt: at };
      const [user] = await insertNew(open.tx.repository(DirectoryUserEntity), row);
      if (!user) throw nameTaken(fields.userName);
      const added = events.directoryUserAdded(user.id, factsOf(user));
      await open.record(changing(added, { before: null, after: seen(user) }));
      if (user.isActive) await this.invitations.mail(open, user);
      return shownAs(this.shown(await find(open, user.id)), query);
    });
  }

  /** Throws `scim-not-found`, `version-mismatch`, `scim-name-taken`, `directory-last-admin`. */
  replace(ctx: Context, id: string, body: unknown, asked: Asked): Promise<Shown> {
    const resource = readResource(USER, body);
    return this.change(ctx, id, asked, ({ isActive }) => fieldsOf(resource, isActive));
  }

  /** As `replace`; and the errors of PATCH. */
  patch(ctx: Context, id: string, body: unknown, asked: Asked): Promise<Shown> {
    return this.change(ctx, id, asked, (user) =>
      fieldsOf(patched(USER, resourceOf(user), body), user.isActive),
    );
  }

  /** Nothing of them is kept. Throws `scim-not-found`, `version-mismatch`, `directory-last-admin`. */
  remove(ctx: Context, id: string, ifMatch: string | undefined): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const user = await find(open, id);
      checkSeen(ifMatch, user.version);
      await this.invitations.revoke(open, id);
      if (user.userId !== null && user.isActive) await putOut(open, { id, userId: user.userId });
      await forgetGroupsOf(open, id);
      await open.tx.repository(DirectoryUserEntity).delete({ tenantId: open.tenantId, id });
      const deleted = events.directoryUserDeleted(id, factsOf(user));
      await open.record(changing(deleted, { before: seen(user), after: null }));
    });
  }

  private change(
    ctx: Context,
    id: string,
    { query, ifMatch }: Asked,
    next: (user: DirectoryUserEntity) => DirectoryUserFields,
  ): Promise<Shown> {
    return this.database.transaction(ctx, async (open) => {
      await lockAdminsOf(open);
      const user = await find(open, id);
      checkSeen(ifMatch, user.version);
      const fields = next(user);
      const changed = changedBetween(user, fields);
      // Directories repeat themselves: what says nothing new is no change.
      if (changed.length > 0) {
        if (changed.includes('email')) {
          checkDomain(fields.email, (await domainsOfDirectory(open)) ?? []);
        }
        await this.save(open, user, { fields, changed });
        await this.follow(open, user, fields);
      }
      return shownAs(this.shown(await find(open, id)), query);
    });
  }

  private async save(
    open: OpenContext,
    before: DirectoryUserEntity,
    { fields, changed }: { readonly fields: DirectoryUserFields; readonly changed: string[] },
  ): Promise<void> {
    const { tenantId } = open;
    const { id, version } = before;
    const users = open.tx.repository(DirectoryUserEntity);
    const { userNameKey } = fields;
    const other = await users.findOneBy({ tenantId, userNameKey });
    if (other && other.id !== id) throw nameTaken(fields.userName);
    const changedAt = new Date(this.clock.now());
    const user = await updateOne(users, { tenantId, id, version }, { ...fields, changedAt });
    // The lock of all changes is held: only a deletion by hand could have come between.
    if (!user) throw scimNotFound();
    const names = changed.filter((name) => name !== 'userNameKey' && name !== 'email');
    const event = events.directoryUserChanged(id, { ...factsOf(user), changed: names });
    await open.record(changing(event, { before: seen(before), after: seen(user) }));
  }

  /** What the change means for their membership, or for their invitation. */
  private async follow(
    open: OpenContext,
    before: DirectoryUserEntity,
    { isActive, email }: DirectoryUserFields,
  ): Promise<void> {
    const { id, userId } = before;
    if (before.isActive && !isActive) {
      await this.invitations.revoke(open, id);
      if (userId !== null) await putOut(open, { id, userId });
      await open.record(events.directoryUserDeactivated(id, factsOf(before)));
    } else if (!before.isActive && isActive) {
      if (userId !== null) await takeIn(open, { id, userId });
      else await this.invitations.mail(open, await find(open, id));
      await open.record(events.directoryUserActivated(id, factsOf(before)));
    } else if (isActive && userId === null && email !== before.email) {
      // The old link went to an address that is not theirs any more.
      await this.invitations.revoke(open, id);
      await this.invitations.mail(open, await find(open, id));
    }
  }

  private shown(user: DirectoryUserEntity): Shown {
    return shownUser(user, this.address.base);
  }
}

/** What a directory says of them. */
function seen(user: DirectoryUserEntity) {
  const { userName, externalId, displayName, givenName, familyName, formattedName } = user;
  const { emails, isActive } = user;
  const names = { displayName, givenName, familyName, formattedName };
  return { userName, externalId, ...names, emails, isActive };
}

/** Throws `scim-not-found`: of another tenant as of nobody. */
async function find(open: OpenContext, id: string): Promise<DirectoryUserEntity> {
  const { tenantId } = open;
  const users = open.tx.repository(DirectoryUserEntity);
  const user = isId(id) ? await users.findOneBy({ tenantId, id }) : null;
  if (user) return user;
  throw scimNotFound();
}

const nameTaken = (userName: string) =>
  scimNameTaken(`There is a user with the userName "${userName}" already.`);

function factsOf({ userName, userId }: DirectoryUserEntity) {
  return { userName, userId };
}
