import { Body, Controller, Param, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Route } from '../../platform/http/route.js';
import * as tokensDto from '../auth/authentication.dto.js';
import { originOf } from '../auth/signed-in-request.js';
import { networkNotAllowed } from '../security/security.errors.js';
import { tenantRequired } from '../tenancy.errors.js';
import {
  accountUnlinked,
  identityProviderNotFound,
  identityTaken,
  invitationNeeded,
  identityProviderUnavailable,
  roleNeeded,
  signInAnswerRefused,
  signInCodeRefused,
  signInRedirectInvalid,
  signInTicketRefused,
} from './identity-provider.errors.js';
import * as dto from './oidc.dto.js';
import { OidcFlows, type Redirection } from './oidc-flows.service.js';
import { OidcSignIn } from './oidc-sign-in.service.js';
import { OwnAddress } from './own-address.js';
import { ProviderChoices } from './provider-choices.js';

const tokensExample = {
  accessToken: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9…',
  expiresIn: 900,
  refreshToken: 'tgr_…',
  user: {
    id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
    username: 'ada',
    tenant: 'acme',
    roles: ['Deployer'],
    permissions: ['deployments:create', 'deployments:read'],
  },
};

@ApiTags('authentication')
@Controller('authentication')
export class OidcController {
  constructor(
    private readonly choices: ProviderChoices,
    private readonly flows: OidcFlows,
    private readonly signIn: OidcSignIn,
    private readonly address: OwnAddress,
  ) {}

  @Route('GET providers', {
    access: 'public',
    summary: 'Where one can sign in',
    description:
      'The providers of the tenant, or of the verified domain of the address, and those of the platform. An unknown tenant or domain has the same answer as one without providers.',
    errors: [],
    answer: dto.choicesOut,
    example: {
      response: { items: [{ id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f', name: 'Company' }] },
    },
  })
  providers(@Query({ schema: dto.choicesQuery }) query: dto.ChoicesQuery) {
    return this.choices.find(query);
  }

  @Route('GET oidc/:id/start', {
    access: 'public',
    rate: 'signIn',
    status: 302,
    summary: 'Sign in at an identity provider',
    description:
      'Sends the browser there. It comes back to `redirect` with a `code` for `POST /authentication/oidc/complete`, or with an `error`, which is a code of this API. `challenge` is the S256 of a verifier that only the client knows.',
    errors: [
      identityProviderNotFound,
      signInRedirectInvalid,
      signInTicketRefused,
      identityProviderUnavailable,
    ],
  })
  async start(
    @Param({ schema: dto.providerParams }) { id }: dto.ProviderParams,
    @Query({ schema: dto.startQuery }) query: dto.StartQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    this.redirect(id, reply, await this.flows.start(id, query));
  }

  @Route('GET oidc/:id/callback', {
    access: 'public',
    rate: 'signIn',
    status: 302,
    summary: 'Come back from an identity provider',
    description:
      'Where the provider sends the browser, and nobody else: the sign-in must have begun in the same browser, with the same provider, within ten minutes, and comes back once.',
    errors: [signInAnswerRefused],
  })
  async callback(
    @Param({ schema: dto.providerParams }) { id }: dto.ProviderParams,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const query = new URL(request.url, 'http://localhost').searchParams;
    const cookieOf = (name: string) => cookieIn(request.headers.cookie ?? '', name);
    const returned = { providerId: id, query, cookieOf };
    this.redirect(id, reply, await this.flows.takeBack(returned, originOf(request)));
  }

  @Route('POST oidc/complete', {
    access: 'public',
    rate: 'signIn',
    summary: 'Get the tokens of a sign-in at a provider',
    description:
      'Takes the code that came back and the verifier of the start. Who is unknown becomes a member only by a rule of the provider; an account that exists is linked while signed in to it, never by its e-mail address.',
    errors: [
      signInCodeRefused,
      identityProviderNotFound,
      invitationNeeded,
      roleNeeded,
      accountUnlinked,
      identityTaken,
      tenantRequired,
      networkNotAllowed,
    ],
    answer: tokensDto.tokens,
    status: 200,
    example: {
      request: { code: 'q1x…', verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' },
      response: tokensExample,
    },
  })
  complete(
    @Body({ schema: dto.completeBody }) body: dto.CompleteBody,
    @Req() request: FastifyRequest,
  ) {
    return this.signIn.complete(body, originOf(request));
  }

  private redirect(id: string, reply: FastifyReply, { location, cookie }: Redirection): void {
    const attributes = [
      `${cookie.name}=${cookie.value}`,
      `Path=/api/v1/authentication/oidc/${id}`,
      `Max-Age=${cookie.maxAgeSeconds}`,
      'HttpOnly',
      // The provider's redirect is a navigation from another site: Strict would not be sent.
      'SameSite=Lax',
      ...(this.address.isSecure ? ['Secure'] : []),
    ];
    void reply.header('location', location).header('set-cookie', attributes.join('; '));
  }
}

/** Of several with one name none counts. */
function cookieIn(header: string, name: string): string | undefined {
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  return found.length === 1 ? found[0]!.slice(name.length + 1) : undefined;
}
