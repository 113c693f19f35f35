import { Body, Controller, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import { loginBusy } from '../tenancy.errors.js';
import * as dto from './factors.dto.js';
import {
  factorRefused,
  factorThrottled,
  passkeyRefused,
  passkeysUnavailable,
  stepUpUnsuitable,
} from './factors.errors.js';
import { ownerOf } from './mfa.controller.js';
import { passkeyOptionsOut } from './passkeys.dto.js';
import { assertionOptionsExample } from './passkeys.example.js';
import { StepUpService } from './step-up.service.js';

@ApiTags('authentication')
@Controller('authentication/step-up')
export class StepUpController {
  constructor(private readonly steps: StepUpService) {}

  @Route('POST', {
    access: 'person',
    proof: { isForEnrolling: true, isForVouched: true },
    summary: 'Confirm that it is you',
    description:
      'What matters most needs a proof no older than five minutes: a second factor, or the password of somebody who has none. Recovery codes do not count.',
    errors: [
      stepUpUnsuitable,
      factorRefused,
      factorThrottled,
      passkeyRefused,
      passkeysUnavailable,
      loginBusy,
    ],
    answer: dto.steppedUpOut,
    status: 200,
    example: {
      request: { totp: '492039' },
      response: {
        provedAt: '2026-11-30T09:00:00.000Z',
        goodUntil: '2026-11-30T09:05:00.000Z',
      },
    },
  })
  stepUp(
    @Ctx() ctx: Context,
    @Body({ schema: dto.stepUpBody }) body: dto.StepUpBody,
    @Req() request: FastifyRequest,
  ) {
    return this.steps.stepUp(ownerOf(ctx, request), body);
  }

  @Route('POST passkey/options', {
    access: 'person',
    proof: { isForEnrolling: true, isForVouched: true },
    summary: 'Begin a step-up with a passkey',
    description:
      'What a browser hands to `navigator.credentials.get`. The challenge is good for this session, five minutes and one answer, as `passkey` of `POST /authentication/step-up`.',
    errors: [passkeysUnavailable],
    answer: passkeyOptionsOut,
    status: 200,
    example: { response: assertionOptionsExample },
  })
  passkeyOptions(@Ctx() ctx: Context, @Req() request: FastifyRequest) {
    return this.steps.passkeyOptions(ownerOf(ctx, request));
  }
}
