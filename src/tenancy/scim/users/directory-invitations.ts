import { Inject, Injectable } from '@nestjs/common';
import { invitationMail } from '../../../drivers/channels/mail/mail-templates.js';
import { Mailer } from '../../../drivers/channels/mail/mailer.js';
import type { Clock } from '../../../kernel/clock.js';
import { DomainError } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import { CLOCK } from '../../../platform/clock.js';
import type { OpenContext } from '../../../platform/context.js';
import { issueCredential } from '../../../platform/credentials/credentials.store.js';
import { revokeCredentialsOf } from '../../../platform/credentials/credentials-end.store.js';
import { newOneTimeToken } from '../../auth/one-time-token.js';
import type { Invitation } from '../../invitations/invitations.queries.js';
import { tenantSlugOf } from '../../tenants/tenants.queries.js';
import { AccountLinks } from '../../users/account-links.js';
import type { DirectoryUserEntity } from './directory-user.entity.js';
import { directoryUserInvited } from './directory-users.events.js';
import { markInvited } from './directory-users.store.js';

/**
 * Asks somebody in whom a directory has told of. The invitation names the directory's user, so that whoever
 * accepts it becomes that one; its id is theirs.
 */
@Injectable()
export class DirectoryInvitations {
  constructor(
    private readonly mailer: Mailer,
    private readonly links: AccountLinks,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * By mail, in the transaction of its reason. Without mail, or when too many were sent, the user waits
   * for an Admin to invite them: the directory has done its part.
   */
  async mail(open: OpenContext, user: DirectoryUserEntity): Promise<void> {
    if (!this.mailer.isOn || user.email === null) return;
    try {
      await this.send(open, user, user.email);
    } catch (error) {
      // What the mailer refuses it refuses before it has written anything.
      if (!(error instanceof DomainError) || error.kind === 'bug') throw error;
    }
  }

  /** Answers the link, where nothing is mailed; else null. Throws what `Mailer.send` does. */
  async send(open: OpenContext, user: DirectoryUserEntity, email: string): Promise<string | null> {
    const { id, userName, userId } = user;
    const { actor } = open;
    const { text: token, hash } = newOneTimeToken('invitation');
    const link = this.links.to('invitation', token);
    const issuedAt = new Date(this.clock.now());
    const lifetimeMs = limits.invitationMs;
    if (this.mailer.isOn) {
      const goodUntil = new Date(issuedAt.getTime() + lifetimeMs);
      const tenantName = await tenantSlugOf(open);
      const facts = { to: email, link, goodUntil, tenantName, inviterName: actor.name };
      await this.mailer.send(open, invitationMail(facts));
    }
    await this.revoke(open, id);
    const whose = { invitedBy: actor.name, inviterId: actor.id, directoryUserId: id };
    const data: Invitation = { ...whose, email, roles: [] };
    const credential = { kind: 'invitation', hash, subjectId: id, data } as const;
    await issueCredential(open, { ...credential, lifetimeMs, issuedAt, goodAtOnce: null });
    await markInvited(open, id, issuedAt);
    await open.record(directoryUserInvited(id, { userName, userId }));
    return this.mailer.isOn ? null : link;
  }

  /** Good for nothing any more. */
  async revoke(open: OpenContext, id: string): Promise<void> {
    await revokeCredentialsOf(open, { kind: 'invitation', subjectId: id }, null);
  }
}
