import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { emailTaken } from '../account/account.errors.js';
import * as dto from './platform-users.dto.js';
import { PlatformUsersService } from './platform-users.service.js';
import { accountNotFound, ownAccount } from './user.errors.js';
import { type UserParams, userParams } from './users.dto.js';

const example = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  username: 'ada',
  email: 'ada@example.org',
  displayName: 'Ada Lovelace',
  isDisabled: false,
  hasPassword: true,
  tenants: ['acme', 'globex'],
  createdAt: '2026-01-05T08:00:00.000Z',
};

@ApiTags('platform')
@Controller('platform/users')
export class PlatformUsersController {
  constructor(private readonly users: PlatformUsersService) {}

  @Route('GET', {
    access: Permission.TenantsManage,
    summary: 'List accounts',
    description: 'Of all tenants and of none, newest first.',
    errors: [cursorInvalid],
    answer: pageOf(dto.accountOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Query({ schema: dto.accountsQuery }) query: dto.AccountsQuery) {
    return this.users.list(query);
  }

  @Route('GET :id', {
    access: Permission.TenantsManage,
    summary: 'Read an account',
    description: 'With the tenants that its person is a member of.',
    errors: [accountNotFound],
    answer: dto.accountOut,
    example: { response: example },
  })
  get(@Param({ schema: userParams }) { id }: UserParams) {
    return this.users.get(id);
  }

  @Route('POST :id/disable', {
    access: Permission.TenantsManage,
    proof: { isStepUp: true },
    summary: 'Shut an account',
    description:
      'In all tenants: its sessions end and nobody signs in with it until it is enabled. Memberships and roles stay. Not your own.',
    errors: [accountNotFound, ownAccount],
    answer: dto.accountOut,
    status: 200,
    example: { response: { ...example, isDisabled: true } },
  })
  disable(@Ctx() ctx: Context, @Param({ schema: userParams }) { id }: UserParams) {
    return this.users.disable(ctx, id);
  }

  @Route('POST :id/enable', {
    access: Permission.TenantsManage,
    proof: { isStepUp: true },
    summary: 'Open an account again',
    description: 'Its person signs in as before.',
    errors: [accountNotFound],
    answer: dto.accountOut,
    status: 200,
    example: { response: example },
  })
  enable(@Ctx() ctx: Context, @Param({ schema: userParams }) { id }: UserParams) {
    return this.users.enable(ctx, id);
  }

  @Route('POST :id/end-sessions', {
    access: Permission.TenantsManage,
    summary: 'End all sessions of an account',
    description: 'In all tenants, within five seconds, with what was mailed to its person.',
    errors: [accountNotFound],
    answer: dto.accountOut,
    status: 200,
    example: { response: example },
  })
  endSessions(@Ctx() ctx: Context, @Param({ schema: userParams }) { id }: UserParams) {
    return this.users.endSessions(ctx, id);
  }

  @Route('POST :id/reset-factors', {
    access: Permission.TenantsManage,
    proof: { isStepUp: true },
    summary: 'Take the second factors of an account away',
    description:
      'For who has lost all of them, recovery codes among them. Its sessions end in all tenants and its person is told by mail; they sign in with the password and, where a tenant demands it, enrol a factor before anything else. Make sure that it is they who ask. Not your own.',
    errors: [accountNotFound, ownAccount],
    answer: dto.accountOut,
    status: 200,
    example: { request: { reason: 'lost phone, known in person' }, response: example },
  })
  resetFactors(
    @Ctx() ctx: Context,
    @Param({ schema: userParams }) { id }: UserParams,
    @Body({ schema: dto.resetFactorsBody }) { reason }: dto.ResetFactorsBody,
  ) {
    return this.users.resetFactors(ctx, id, reason);
  }

  @Route('PUT :id/email', {
    access: Permission.TenantsManage,
    proof: { isStepUp: true },
    summary: 'Set the e-mail address of an account',
    description: 'For installations without mail, and for people who have lost their mailbox.',
    errors: [accountNotFound, emailTaken],
    answer: dto.accountOut,
    example: { request: { email: 'ada@example.org' }, response: example },
  })
  setEmail(
    @Ctx() ctx: Context,
    @Param({ schema: userParams }) { id }: UserParams,
    @Body({ schema: dto.setEmailBody }) { email }: dto.SetEmailBody,
  ) {
    return this.users.setEmail(ctx, id, email);
  }
}
