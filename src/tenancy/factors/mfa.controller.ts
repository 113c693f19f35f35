import { Body, Controller, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import { originOf, signedInOf } from '../auth/signed-in-request.js';
import * as dto from './factors.dto.js';
import {
  enrolmentNotBegun,
  factorLimit,
  factorNotFound,
  factorRefused,
  factorThrottled,
  lastFactor,
} from './factors.errors.js';
import { FactorsService, type Owner } from './factors.service.js';
import { factorExample } from './passkeys.example.js';

const codesExample = { recoveryCodes: ['7k2m-9qpd-x4tn-0rwz'] };

export function ownerOf(ctx: Context, request: FastifyRequest): Owner {
  return { ctx, signedIn: signedInOf(request), address: originOf(request).address };
}

@ApiTags('me')
@Controller('me/mfa')
export class MfaController {
  constructor(private readonly factors: FactorsService) {}

  @Route('GET', {
    access: 'person',
    proof: { isForEnrolling: true },
    summary: 'List your second factors',
    description:
      'Authenticator apps and passkeys, the newest first, how many recovery codes are left, and whether the tenant requires a second factor of you.',
    errors: [],
    answer: dto.mfaOut,
    example: {
      response: { factors: [factorExample], recoveryCodesLeft: 10, isDemanded: true },
    },
  })
  status(@Req() request: FastifyRequest) {
    return this.factors.status(signedInOf(request));
  }

  @Route('POST totp', {
    access: 'person',
    proof: { isStepUp: true, isForEnrolling: true },
    summary: 'Begin to enrol an authenticator app',
    description:
      'Gives a secret for the app, also as a QR code, once. It counts when `POST /me/mfa/totp/confirm` has got a code of it, within fifteen minutes; beginning again replaces it.',
    errors: [factorLimit],
    answer: dto.begunTotp,
    example: {
      request: { name: 'phone' },
      response: {
        id: factorExample.id,
        secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
        uri: 'otpauth://totp/Tidegate:ada%40default?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Tidegate',
        qr: 'data:image/svg+xml;base64,PHN2Zy8+',
      },
    },
  })
  beginTotp(
    @Body({ schema: dto.beginTotpBody }) { name = 'authenticator app' }: dto.BeginTotpBody,
    @Req() request: FastifyRequest,
  ) {
    return this.factors.beginTotp(signedInOf(request), name);
  }

  @Route('POST totp/confirm', {
    access: 'person',
    proof: { isForEnrolling: true },
    summary: 'Confirm an authenticator app',
    description:
      'With a code that it shows. From here on signing in takes a code; your other sessions end, in all tenants, and this one may do all that you may. With the first factor come ten recovery codes, shown only once.',
    errors: [enrolmentNotBegun, factorRefused, factorThrottled],
    answer: dto.recoveryCodesOut,
    status: 200,
    example: { request: { code: '492039' }, response: codesExample },
  })
  confirmTotp(
    @Ctx() ctx: Context,
    @Body({ schema: dto.confirmTotpBody }) { code }: dto.ConfirmTotpBody,
    @Req() request: FastifyRequest,
  ) {
    return this.factors.confirmTotp(ownerOf(ctx, request), code);
  }

  @Route('DELETE totp/:id', {
    access: 'person',
    proof: { isStepUp: true },
    summary: 'Remove an authenticator app',
    description:
      'Your other sessions end, in all tenants. With the last factor the recovery codes go, too; it stays while the tenant requires one of you.',
    errors: [factorNotFound, lastFactor],
  })
  removeTotp(
    @Ctx() ctx: Context,
    @Param({ schema: dto.factorParams }) { id }: dto.FactorParams,
    @Req() request: FastifyRequest,
  ) {
    return this.factors.remove(ownerOf(ctx, request), 'totp', id);
  }

  @Route('POST recovery-codes', {
    access: 'person',
    proof: { isStepUp: true },
    summary: 'Make new recovery codes',
    description: 'Ten, shown only once. Those that you had stop working.',
    errors: [factorNotFound],
    answer: dto.recoveryCodesOut,
    example: { response: codesExample },
  })
  renewRecoveryCodes(@Ctx() ctx: Context, @Req() request: FastifyRequest) {
    return this.factors.renewRecoveryCodes(ownerOf(ctx, request));
  }
}
