import { Body, Controller, Req } from '@nestjs/common';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientAddressOf } from '../../platform/http/client-address.js';
import type { Problem } from '../../platform/http/problem.js';
import { TakesUrlForm, TellsProblem } from '../../platform/http/route-facts.js';
import { Route } from '../../platform/http/route.js';
import { outboundBusy, outboundRefused } from '../../platform/outbound/outbound.errors.js';
import {
  federatedRulesUnmet,
  grantTypeUnsupported,
  issuerInvalid,
  issuerUnavailable,
  subjectTokenMalformed,
  subjectTokenRefused,
} from './federated-identities.errors.js';
import * as dto from './token-exchange.dto.js';
import { TokenExchange } from './token-exchange.service.js';

@ApiTags('authentication')
@Controller('authentication')
export class TokenExchangeController {
  constructor(private readonly exchange: TokenExchange) {}

  @Route('POST token', {
    access: 'public',
    summary: 'Exchange a pipeline’s token',
    description:
      'RFC 8693: for the OIDC token of a job of CI an access token of at most 15 minutes, never beyond the token it is given for. It can do what the federated identity grants, and no more. Each OIDC token is good once. Where a runner gives one for the whole job, the access token itself can be exchanged for the next (`renewable_for`). Takes JSON and application/x-www-form-urlencoded; refusals have `error` and `error_description` beside our own fields.',
    errors: [
      grantTypeUnsupported,
      subjectTokenMalformed,
      subjectTokenRefused,
      federatedRulesUnmet,
      issuerUnavailable,
      issuerInvalid,
      outboundRefused,
      outboundBusy,
    ],
    answer: dto.exchangedToken,
    status: 200,
    example: {
      request: {
        grant_type: dto.TOKEN_EXCHANGE,
        subject_token: 'eyJhbGciOiJSUzI1NiIs…',
        subject_token_type: dto.JWT_TYPES[0],
      },
      response: {
        access_token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImNpK2p3dCJ9…',
        issued_token_type: dto.ACCESS_TOKEN_TYPE,
        token_type: 'Bearer',
        expires_in: 300,
        tenant: 'default',
        identity: 'shop-release',
        rule: 'main',
        renewable_for: 0,
      },
    },
  })
  @ApiConsumes('application/json', 'application/x-www-form-urlencoded')
  @TakesUrlForm()
  @TellsProblem(asOAuth)
  token(
    @Body({ schema: dto.tokenRequest }) body: dto.TokenRequest,
    @Req() request: FastifyRequest,
  ) {
    const origin = { address: clientAddressOf(request), requestId: request.id };
    return this.exchange.exchange(body, origin);
  }
}

/** Clients of RFC 8693 look for these (RFC 6749, section 5.2). */
function asOAuth({ code, status, detail }: Problem): object {
  const isTheirs = status < 500 && status !== 429;
  const usual = isTheirs ? 'invalid_request' : 'temporarily_unavailable';
  const error = code === grantTypeUnsupported.code ? 'unsupported_grant_type' : usual;
  return { error, error_description: detail };
}
