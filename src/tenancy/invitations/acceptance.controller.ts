import { Body, Controller, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { quotaExceeded } from '../../kernel/quota.errors.js';
import { tenantDeleting, tenantSuspended } from '../../platform/http/http.errors.js';
import { Route } from '../../platform/http/route.js';
import { originOf, signedInOf } from '../auth/signed-in-request.js';
import { passwordRefused } from '../passwords/password.errors.js';
import { loginBusy, loginThrottled } from '../tenancy.errors.js';
import { AcceptanceService } from './acceptance.service.js';
import {
  invitationForAnother,
  invitationInvalid,
  invitationNeedsAccount,
  usernameRequired,
  usernameTaken,
} from './invitation.errors.js';
import * as dto from './invitations.dto.js';

const joined = { username: 'ada', tenant: 'acme' };

@ApiTags('authentication')
@Controller()
export class AcceptanceController {
  constructor(private readonly acceptance: AcceptanceService) {}

  @Route('POST authentication/invitations/accept', {
    access: 'public',
    rate: 'signIn',
    summary: 'Accept an invitation',
    description:
      'Whoever has no account chooses a username and a password. Whoever has one with the address that was invited gives its password, or signs in and accepts as themselves. Afterwards they sign in like everybody else. Wrong tokens are slowed as wrong passwords are.',
    errors: [
      invitationInvalid,
      invitationNeedsAccount,
      usernameRequired,
      usernameTaken,
      passwordRefused,
      quotaExceeded,
      loginThrottled,
      loginBusy,
      tenantSuspended,
      tenantDeleting,
    ],
    answer: dto.joinedOut,
    status: 200,
    example: {
      request: { token: 'tgi_…', username: 'ada', password: 'a sentence that nobody else knows' },
      response: joined,
    },
  })
  accept(@Body({ schema: dto.acceptBody }) body: dto.AcceptBody, @Req() request: FastifyRequest) {
    return this.acceptance.accept(body, originOf(request));
  }

  @Route('POST me/invitations/accept', {
    access: 'person',
    summary: 'Accept an invitation as yourself',
    description:
      'Makes you a member of another tenant, if the invitation is for your address. Then switch there, or sign in with its name.',
    errors: [
      invitationInvalid,
      invitationForAnother,
      quotaExceeded,
      loginThrottled,
      loginBusy,
      tenantSuspended,
      tenantDeleting,
    ],
    answer: dto.joinedOut,
    status: 200,
    example: { request: { token: 'tgi_…' }, response: joined },
  })
  acceptAsMyself(
    @Body({ schema: dto.acceptOwnBody }) { token }: dto.AcceptOwnBody,
    @Req() request: FastifyRequest,
  ) {
    return this.acceptance.acceptAs(signedInOf(request), token, originOf(request));
  }
}
