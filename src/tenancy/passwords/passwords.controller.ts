import { Body, Controller, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Route } from '../../platform/http/route.js';
import { originOf, signedInOf } from '../auth/signed-in-request.js';
import { loginBusy, loginThrottled } from '../tenancy.errors.js';
import {
  mailIsOff,
  passwordRefused,
  passwordWrong,
  resetInvalid,
  resetThrottled,
} from './password.errors.js';
import * as dto from './passwords.dto.js';
import { PasswordsService } from './passwords.service.js';
import { ResetRequests } from './reset-requests.js';

const sentence = 'a sentence that nobody else knows';

@ApiTags('authentication')
@Controller()
export class PasswordsController {
  constructor(
    private readonly passwords: PasswordsService,
    private readonly requests: ResetRequests,
  ) {}

  @Route('POST me/password', {
    access: 'person',
    summary: 'Change your password',
    description:
      'Needs the present one. Ends all your other sessions, in all tenants, within five seconds; this one goes on.',
    errors: [passwordWrong, passwordRefused, loginThrottled, loginBusy],
    example: { request: { currentPassword: 'the one before', newPassword: sentence } },
  })
  change(
    @Body({ schema: dto.changePasswordBody }) body: dto.ChangePasswordBody,
    @Req() request: FastifyRequest,
  ) {
    return this.passwords.change(signedInOf(request), body, originOf(request));
  }

  @Route('POST authentication/password-reset', {
    access: 'public',
    rate: 'signIn',
    summary: 'Ask for a new password by mail',
    description:
      'The answer is the same whether or not the address has an account; if it has, a link is mailed that is good once, for 30 minutes.',
    errors: [mailIsOff, resetThrottled],
    example: { request: { email: 'ada@example.org' } },
  })
  requestReset(
    @Body({ schema: dto.requestResetBody }) { email }: dto.RequestResetBody,
    @Req() request: FastifyRequest,
  ) {
    return this.requests.request(email, originOf(request));
  }

  @Route('POST authentication/password-reset/confirm', {
    access: 'public',
    rate: 'signIn',
    summary: 'Choose a new password',
    description:
      'With the token of the mailed link. Ends all your sessions and signs nobody in: sign in with the new password, and with the second factor if you have one.',
    errors: [resetInvalid, passwordRefused, loginThrottled, loginBusy],
    example: { request: { token: 'tgp_…', newPassword: sentence } },
  })
  confirmReset(
    @Body({ schema: dto.confirmResetBody }) body: dto.ConfirmResetBody,
    @Req() request: FastifyRequest,
  ) {
    return this.passwords.confirmReset(body, originOf(request));
  }
}
