import { Body, Controller, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { mailAddressInvalid, mailLimitReached } from '../../drivers/channels/mail.errors.js';
import { Route } from '../../platform/http/route.js';
import { originOf, signedInOf } from '../auth/signed-in-request.js';
import { mailIsOff, passwordWrong, resetThrottled } from '../passwords/password.errors.js';
import { loginBusy, loginThrottled } from '../tenancy.errors.js';
import * as dto from './account.dto.js';
import { emailChangeInvalid, emailTaken, sessionNotFound } from './account.errors.js';
import { AccountService } from './account.service.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { SwitchingService } from './switching.service.js';

const example = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  username: 'ada',
  email: 'ada@example.org',
  displayName: 'Ada Lovelace',
  hasPassword: true,
};
const session = {
  id: '4f1d2c3b5a6978808f7e6d5c4b3a2910',
  tenant: 'acme',
  isCurrent: true,
  method: 'password' as const,
  client: 'tidegate/0.1.0',
  network: '203.0.113.0/24',
  signedInAt: '2026-01-05T08:00:00.000Z',
  lastUsedAt: '2026-01-05T09:30:00.000Z',
  expiresAt: '2026-01-12T08:00:00.000Z',
};

@ApiTags('account')
@Controller()
export class AccountController {
  constructor(
    private readonly account: AccountService,
    private readonly sessions: OwnSessionsService,
    private readonly switching: SwitchingService,
  ) {}

  @Route('GET me', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'Read your account',
    description:
      'What belongs to you alone. What you may do in this tenant: GET /authentication/me.',
    errors: [],
    answer: dto.accountOut,
    example: { response: example },
  })
  get(@Req() request: FastifyRequest) {
    return this.account.get(signedInOf(request));
  }

  @Route('PUT me', {
    access: 'person',
    summary: 'Change your account',
    description: 'The name that is shown beside the username; null takes it away.',
    errors: [],
    answer: dto.accountOut,
    example: { request: { displayName: 'Ada Lovelace' }, response: example },
  })
  change(
    @Body({ schema: dto.changeAccountBody }) body: dto.ChangeAccountBody,
    @Req() request: FastifyRequest,
  ) {
    return this.account.change(signedInOf(request), body, originOf(request));
  }

  @Route('POST me/email', {
    access: 'person',
    summary: 'Change your e-mail address',
    description:
      'Needs your password. A link goes to the new address, good once, for 30 minutes; until it is opened the old one stays. Without mail only the operator of the platform can change it.',
    errors: [
      mailIsOff,
      mailAddressInvalid,
      mailLimitReached,
      passwordWrong,
      resetThrottled,
      loginThrottled,
      loginBusy,
    ],
    example: { request: { email: 'ada@example.org', password: 'the present password' } },
  })
  changeEmail(
    @Body({ schema: dto.changeEmailBody }) body: dto.ChangeEmailBody,
    @Req() request: FastifyRequest,
  ) {
    return this.account.changeEmail(signedInOf(request), body, originOf(request));
  }

  @Route('POST authentication/email-change/confirm', {
    access: 'public',
    rate: 'signIn',
    summary: 'Confirm a new e-mail address',
    description: 'With the token of the mailed link. The old address is told.',
    errors: [emailChangeInvalid, emailTaken, loginThrottled, loginBusy],
    example: { request: { token: 'tgm_…' } },
  })
  confirmEmail(
    @Body({ schema: dto.confirmEmailBody }) { token }: dto.ConfirmEmailBody,
    @Req() request: FastifyRequest,
  ) {
    return this.account.confirmEmail(token, originOf(request));
  }

  @Route('GET me/sessions', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'List your sessions',
    description:
      'All that you have open, in all tenants, newest first. If a tenant’s provider vouches for this one: those of that provider.',
    errors: [],
    answer: dto.sessionsOut,
    example: { response: { items: [session] } },
  })
  listSessions(@Req() request: FastifyRequest) {
    return this.sessions.list(signedInOf(request));
  }

  @Route('DELETE me/sessions/:id', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'End one of your sessions',
    description:
      'Its refresh token at once, its access tokens and open sockets within five seconds.',
    errors: [sessionNotFound],
  })
  endSession(
    @Param({ schema: dto.sessionParams }) { id }: dto.SessionParams,
    @Req() request: FastifyRequest,
  ) {
    return this.sessions.end(signedInOf(request), id, originOf(request));
  }

  @Route('POST me/sessions/end-all', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'Sign out everywhere',
    description:
      'Ends all of your sessions, in all tenants, this one among them. If a tenant’s provider vouches for this one: those of that provider.',
    errors: [],
  })
  endAllSessions(@Req() request: FastifyRequest) {
    return this.sessions.endAll(signedInOf(request), originOf(request));
  }

  @Route('GET me/tenants', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'List your tenants',
    description:
      'Those that you are a member of; if a tenant’s provider vouches for the session, that tenant. Switch with POST /authentication/switch-tenant.',
    errors: [],
    answer: dto.ownTenants,
    example: { response: { items: [{ slug: 'acme', name: 'Acme', isCurrent: true }] } },
  })
  listTenants(@Req() request: FastifyRequest) {
    return this.switching.tenants(signedInOf(request));
  }
}
