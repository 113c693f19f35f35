import { Body, Controller, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ownSignInNeeded } from '../../platform/http/vouching.errors.js';
import { Route } from '../../platform/http/route.js';
import { originOf, signedInOf } from '../auth/signed-in-request.js';
import {
  identityLimit,
  identityNotFound,
  identityProviderNotFound,
  identityTaken,
  lastSignInWay,
  identityProviderRefused,
  signInCodeRefused,
  signInRedirectInvalid,
} from './identity-provider.errors.js';
import { IdentitiesService } from './identities.service.js';
import * as dto from './oidc.dto.js';

const start = {
  request: {
    redirect: 'http://127.0.0.1:49152/',
    challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  },
  response: { url: 'https://tidegate.example.com/api/v1/authentication/oidc/…/start?ticket=…' },
};

@ApiTags('authentication')
@Controller('me/identities')
export class IdentitiesController {
  constructor(private readonly identities: IdentitiesService) {}

  @Route('GET', {
    access: 'person',
    summary: 'List linked identities',
    description: 'As whom identity providers know you: each is a way in to your account.',
    errors: [],
    answer: dto.identitiesOut,
    example: {
      response: {
        items: [
          {
            id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
            issuer: 'https://login.example.com/realms/company',
            createdAt: '2026-01-05T08:00:00.000Z',
            lastUsedAt: '2026-01-05T08:00:00.000Z',
          },
        ],
      },
    },
  })
  async list(@Req() request: FastifyRequest) {
    return { items: await this.identities.list(signedInOf(request)) };
  }

  @Route('POST :id/start', {
    access: 'person',
    proof: { isStepUp: true },
    summary: 'Link an identity provider to your account',
    description:
      'Answers an address to open in the browser; the provider is one of the tenant’s or the platform’s. What comes back goes to `POST /me/identities/complete`.',
    errors: [identityProviderNotFound, signInRedirectInvalid],
    answer: dto.startIdentityOut,
    status: 200,
    example: start,
  })
  startLink(
    @Param({ schema: dto.providerParams }) { id }: dto.ProviderParams,
    @Body({ schema: dto.startIdentityBody }) body: dto.StartIdentityBody,
    @Req() request: FastifyRequest,
  ) {
    return this.identities.startLink(signedInOf(request), id, body);
  }

  @Route('POST :id/prove', {
    access: 'person',
    proof: { isForEnrolling: true, isForVouched: true },
    summary: 'Confirm that it is you, at your provider',
    description:
      'For sessions that the provider vouches for, instead of a second factor here: you sign in there again, and it says when that was.',
    errors: [identityProviderNotFound, signInRedirectInvalid],
    answer: dto.startIdentityOut,
    status: 200,
    example: start,
  })
  startProof(
    @Param({ schema: dto.providerParams }) { id }: dto.ProviderParams,
    @Body({ schema: dto.startIdentityBody }) body: dto.StartIdentityBody,
    @Req() request: FastifyRequest,
  ) {
    return this.identities.startProof(signedInOf(request), id, body);
  }

  @Route('POST complete', {
    access: 'person',
    proof: { isForEnrolling: true, isForVouched: true },
    summary: 'End what was begun at a provider',
    description: 'By the session that has begun it, with the code that came back.',
    errors: [
      signInCodeRefused,
      identityTaken,
      identityLimit,
      ownSignInNeeded,
      identityProviderRefused,
    ],
    answer: dto.completeIdentityOut,
    status: 200,
    example: {
      request: { code: 'q1x…', verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' },
      response: { purpose: 'link' },
    },
  })
  complete(
    @Body({ schema: dto.completeIdentityBody }) body: dto.CompleteIdentityBody,
    @Req() request: FastifyRequest,
  ) {
    return this.identities.complete(signedInOf(request), body, originOf(request));
  }

  @Route('DELETE :id', {
    access: 'person',
    proof: { isStepUp: true },
    summary: 'Unlink an identity',
    description:
      'Your other sessions that providers have vouched for end within five seconds. The only way in to an account stays.',
    errors: [identityNotFound, lastSignInWay],
  })
  unlink(
    @Param({ schema: dto.providerParams }) { id }: dto.ProviderParams,
    @Req() request: FastifyRequest,
  ) {
    return this.identities.unlink(signedInOf(request), id, originOf(request));
  }
}
