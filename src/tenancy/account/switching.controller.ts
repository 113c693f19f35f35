import { Body, Controller, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Route } from '../../platform/http/route.js';
import { tokens } from '../auth/authentication.dto.js';
import { originOf, signedInOf } from '../auth/signed-in-request.js';
import { providerSignInNeeded } from '../../platform/http/vouching.errors.js';
import * as dto from './account.dto.js';
import { notAMember, signInRefused } from './account.errors.js';
import { SwitchingService } from './switching.service.js';

@ApiTags('authentication')
@Controller('authentication')
export class SwitchingController {
  constructor(private readonly switching: SwitchingService) {}

  @Route('POST switch-tenant', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'Switch to another tenant',
    description:
      'Opens a session in another tenant of yours; this one goes on. It began as this one did and lasts no longer. A tenant may demand a sign-in of its own.',
    errors: [notAMember, signInRefused, providerSignInNeeded],
    answer: tokens,
    status: 200,
    example: {
      request: { tenant: 'globex' },
      response: {
        accessToken: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9…',
        expiresIn: 900,
        refreshToken: 'tgr_…',
        user: {
          id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
          username: 'ada',
          tenant: 'globex',
          roles: ['Viewer'],
          permissions: ['deployments:read'],
        },
      },
    },
  })
  switchTenant(
    @Body({ schema: dto.switchTenantBody }) { tenant }: dto.SwitchTenantBody,
    @Req() request: FastifyRequest,
  ) {
    return this.switching.switchTo(signedInOf(request), tenant, originOf(request));
  }
}
