import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { platformRole, roleBeyondOwn, roleUnknown } from '../permissions/giving.errors.js';
import {
  alreadyMember,
  invitationExists,
  invitationLimit,
  invitationNotFound,
  invitationNotSent,
  invitationOfDirectory,
} from './invitation.errors.js';
import * as dto from './invitations.dto.js';
import { InvitationsService } from './invitations.service.js';

const example = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  email: 'ada@example.org',
  roles: [{ role: 'Deployer', modules: ['payments'], environments: null }],
  invitedBy: 'grace',
  createdAt: '2026-01-05T08:00:00.000Z',
  expiresAt: '2026-01-08T08:00:00.000Z',
};
const withLink = { ...example, link: 'https://tidegate.example.com/invitation#tgi_…' };

@ApiTags('users')
@Controller('users/invitations')
export class InvitationsController {
  constructor(private readonly invitations: InvitationsService) {}

  @Route('GET', {
    access: Permission.UsersRead,
    summary: 'List open invitations',
    description: 'Newest first, without those that are accepted, revoked or over.',
    errors: [cursorInvalid],
    answer: pageOf(dto.invitationOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.invitationsQuery }) query: dto.InvitationsQuery) {
    return this.invitations.list(ctx, query);
  }

  @Route('POST', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Invite somebody by e-mail',
    description:
      'Good for one use, for 72 hours, and for this address only. It is mailed; where the installation sends no mail, the answer has the link, once. The roles are what you may give, now and when it is accepted.',
    errors: [
      roleUnknown,
      platformRole,
      roleBeyondOwn,
      alreadyMember,
      invitationExists,
      invitationLimit,
      invitationNotSent,
    ],
    answer: dto.newInvitationOut,
    example: {
      request: {
        email: 'ada@example.org',
        roles: [{ role: 'Deployer', modules: ['payments'] }],
      },
      response: withLink,
    },
  })
  invite(@Ctx() ctx: Context, @Body({ schema: dto.inviteBody }) body: dto.InviteBody) {
    return this.invitations.invite(ctx, body);
  }

  @Route('POST :id/resend', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Send an invitation again',
    description:
      'Makes another link, good for 72 hours from now; the one before stops working. From now on it is yours: its roles are what you may give.',
    errors: [
      invitationNotFound,
      invitationOfDirectory,
      roleUnknown,
      platformRole,
      roleBeyondOwn,
      invitationNotSent,
    ],
    answer: dto.newInvitationOut,
    status: 200,
    example: { response: withLink },
  })
  resend(
    @Ctx() ctx: Context,
    @Param({ schema: dto.invitationParams }) { id }: dto.InvitationParams,
  ) {
    return this.invitations.resend(ctx, id);
  }

  @Route('DELETE :id', {
    access: Permission.UsersManage,
    summary: 'Revoke an invitation',
    description: 'Its link stops working. Who has accepted stays a member.',
    errors: [invitationNotFound],
  })
  revoke(
    @Ctx() ctx: Context,
    @Param({ schema: dto.invitationParams }) { id }: dto.InvitationParams,
  ) {
    return this.invitations.revoke(ctx, id);
  }
}
