import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import { CLOCK } from '../../platform/clock.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { issueCredential } from '../../platform/credentials/credentials.store.js';
import { revokeCredentialsOf } from '../../platform/credentials/credentials-end.store.js';
import { Database } from '../../platform/database/database.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { changing } from '../../platform/events/changing.js';
import { AccountMail } from '../account-mail.js';
import { newOneTimeToken } from '../auth/one-time-token.js';
import { checkMayGive, findRoles } from '../permissions/giving.js';
import { tenantSlugOf } from '../tenants/tenants.queries.js';
import { accountKey } from '../users/account-name.js';
import { AccountLinks } from '../users/account-links.js';
import { isMember } from '../users/members.views.js';
import {
  alreadyMember,
  invitationExists,
  invitationLimit,
  invitationNotFound,
  invitationNotSent,
  invitationOfDirectory,
} from './invitation.errors.js';
import type {
  InvitationsQuery,
  InvitationView,
  InviteBody,
  NewInvitation,
} from './invitations.dto.js';
import { invitationResent, invitationRevoked, userInvited } from './invitations.events.js';
import {
  type Invitation,
  countInvitationsByHand,
  isOfDirectory,
  lockInvitations,
  openInvitationTo,
  openInvitation,
  openInvitations,
} from './invitations.queries.js';

/** An invitation that stands, and its token: on its way to whom it is for, and nowhere else. */
interface Made {
  readonly tenantId: string;
  readonly view: InvitationView;
  readonly token: string;
  readonly tenant: string;
}

/** Asking people into a tenant. What they answer is in acceptance.service.ts. */
@Injectable()
export class InvitationsService {
  constructor(
    private readonly database: Database,
    private readonly mail: AccountMail,
    private readonly links: AccountLinks,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context, query: InvitationsQuery): Promise<Page<InvitationView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('invitations', query, (before, take) =>
        openInvitations(open, this.now(), { before, take }),
      ),
    );
  }

  /**
   * Throws `role-unknown`, `platform-role`, `role-beyond-own`, `already-member`, `invitation-exists`,
   * `invitation-limit`, `invitation-not-sent`.
   */
  async invite(ctx: Context, { email, roles }: InviteBody): Promise<NewInvitation> {
    const made = await this.database.transaction(ctx, async (open) => {
      await lockInvitations(open);
      checkMayGive(open.grants, await findRoles(open, roles));
      await this.checkRoom(open, accountKey(email));
      const { id: inviterId, name: invitedBy } = open.actor;
      const id = newId(this.clock.now());
      const data: Invitation = {
        email,
        roles,
        invitedBy,
        inviterId: open.actor.personId ?? inviterId,
      };
      const issued = await this.issue(open, id, data);
      const after = await this.find(open, id);
      await open.record(changing(userInvited(id, { email, roles }), { before: null, after }));
      return issued;
    });
    return this.deliver(made);
  }

  /** Another link, for as long again; the one before is good for nothing. Throws `invitation-not-found`, `invitation-of-directory`, `invitation-not-sent`. */
  async resend(ctx: Context, id: string): Promise<NewInvitation> {
    const made = await this.database.transaction(ctx, async (open) => {
      await lockInvitations(open);
      const before = await this.find(open, id);
      const { email, roles } = before;
      if (await isOfDirectory(open, id)) throw invitationOfDirectory();
      checkMayGive(open.grants, await findRoles(open, roles));
      await revokeCredentialsOf(open, { kind: 'invitation', subjectId: id }, null);
      const { id: actorId, name: invitedBy, personId } = open.actor;
      const data: Invitation = { email, roles, invitedBy, inviterId: personId ?? actorId };
      const issued = await this.issue(open, id, data);
      const after = await this.find(open, id);
      await open.record(changing(invitationResent(id, { email, roles }), { before, after }));
      return issued;
    });
    return this.deliver(made);
  }

  /** Throws `invitation-not-found`. */
  revoke(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const before = await this.find(open, id);
      const { email, roles } = before;
      await revokeCredentialsOf(open, { kind: 'invitation', subjectId: id }, null);
      await open.record(changing(invitationRevoked(id, { email, roles }), { before, after: null }));
    });
  }

  private async find(open: OpenContext, id: string): Promise<InvitationView> {
    const found = await openInvitation(open, id, this.now());
    if (found) return found;
    throw invitationNotFound();
  }

  private async checkRoom(open: OpenContext, emailKey: string): Promise<void> {
    if (await isMember(open, emailKey)) throw alreadyMember();
    const same = await openInvitationTo(open, emailKey, this.now());
    if (same) throw invitationExists(same.id);
    const others = await countInvitationsByHand(open, this.now());
    if (others >= limits.openInvitationsPerTenant) throw invitationLimit();
  }

  private async issue(open: OpenContext, id: string, data: Invitation): Promise<Made> {
    const { text: token, hash } = newOneTimeToken('invitation');
    const issuedAt = this.now();
    const lifetimeMs = limits.invitationMs;
    await issueCredential(open, {
      kind: 'invitation',
      hash,
      subjectId: id,
      data,
      lifetimeMs,
      issuedAt,
      goodAtOnce: null,
    });
    const { email, roles, invitedBy } = data;
    const expiresAt = new Date(issuedAt.getTime() + lifetimeMs);
    const view = { id, email, roles, invitedBy, createdAt: issuedAt, expiresAt };
    return { tenantId: open.tenantId, view, token, tenant: await tenantSlugOf(open) };
  }

  /** After the commit: a mail that is on its way must not be taken back. */
  private async deliver({ tenantId, view, token, tenant }: Made): Promise<NewInvitation> {
    const link = this.links.to('invitation', token);
    if (!this.mail.isOn) return { ...view, link };
    const { email: to, invitedBy, expiresAt } = view;
    try {
      await this.mail.sendInvitation({ tenantId, to, tenant, invitedBy, link, expiresAt });
    } catch {
      // What the server of the mail says could repeat the letter, and the link with it.
      throw invitationNotSent();
    }
    return { ...view, link: null };
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}
