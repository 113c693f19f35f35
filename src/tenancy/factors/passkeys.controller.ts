import { Body, Controller, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { signedInOf } from '../auth/signed-in-request.js';
import * as dto from './factors.dto.js';
import {
  factorLimit,
  factorNotFound,
  lastFactor,
  passkeyExists,
  passkeyRefused,
  passkeysUnavailable,
} from './factors.errors.js';
import { FactorsService } from './factors.service.js';
import { ownerOf } from './mfa.controller.js';
import { passkeyOptionsOut } from './passkeys.dto.js';
import {
  factorExample,
  registrationExample,
  registrationOptionsExample,
} from './passkeys.example.js';
import { PasskeysService } from './passkeys.service.js';

@ApiTags('me')
@Controller('me/passkeys')
export class PasskeysController {
  constructor(
    private readonly passkeys: PasskeysService,
    private readonly factors: FactorsService,
  ) {}

  @Route('GET', {
    access: 'person',
    proof: { isForEnrolling: true },
    summary: 'List your passkeys',
    description: 'All of them, the newest first.',
    errors: [],
    answer: pageOf(dto.factorOut),
    example: { response: { items: [{ ...factorExample, kind: 'passkey' }], nextCursor: null } },
  })
  async list(@Req() request: FastifyRequest) {
    return { items: await this.passkeys.list(signedInOf(request)), nextCursor: null };
  }

  @Route('POST options', {
    access: 'person',
    proof: { isStepUp: true, isForEnrolling: true },
    summary: 'Begin to enrol a passkey',
    description:
      'What a browser hands to `navigator.credentials.create`. The challenge is good for this session, five minutes and one answer.',
    errors: [factorLimit, passkeysUnavailable],
    answer: passkeyOptionsOut,
    status: 200,
    example: { response: registrationOptionsExample },
  })
  options(@Req() request: FastifyRequest) {
    return this.passkeys.options(signedInOf(request));
  }

  @Route('POST', {
    access: 'person',
    proof: { isForEnrolling: true },
    summary: 'Enrol a passkey',
    description:
      'With what the browser has made. Your other sessions end, in all tenants, and this one may do all that you may. With the first factor come ten recovery codes, shown only once.',
    errors: [passkeyRefused, passkeyExists, factorLimit, passkeysUnavailable],
    answer: dto.enrolledPasskey,
    example: {
      request: { name: 'laptop', passkey: registrationExample },
      response: { id: factorExample.id, recoveryCodes: ['7k2m-9qpd-x4tn-0rwz'] },
    },
  })
  enrol(
    @Ctx() ctx: Context,
    @Body({ schema: dto.enrolPasskeyBody }) body: dto.EnrolPasskeyBody,
    @Req() request: FastifyRequest,
  ) {
    return this.passkeys.enrol(ownerOf(ctx, request), body);
  }

  @Route('PUT :id', {
    access: 'person',
    summary: 'Rename a passkey',
    description: 'The name is for you to tell your passkeys apart.',
    errors: [factorNotFound],
    example: { request: { name: 'laptop' } },
  })
  rename(
    @Ctx() ctx: Context,
    @Param({ schema: dto.factorParams }) { id }: dto.FactorParams,
    @Body({ schema: dto.renamePasskeyBody }) { name }: dto.RenamePasskeyBody,
    @Req() request: FastifyRequest,
  ) {
    return this.passkeys.rename(ownerOf(ctx, request), id, name);
  }

  @Route('DELETE :id', {
    access: 'person',
    proof: { isStepUp: true },
    summary: 'Remove a passkey',
    description:
      'Your other sessions end, in all tenants. With the last factor the recovery codes go, too; it stays while the tenant requires one of you.',
    errors: [factorNotFound, lastFactor],
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.factorParams }) { id }: dto.FactorParams,
    @Req() request: FastifyRequest,
  ) {
    return this.factors.remove(ownerOf(ctx, request), 'passkey', id);
  }
}
