import { Body, Controller, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { foreignPage, httpsNeeded } from '../../platform/http/page.errors.js';
import { Route } from '../../platform/http/route.js';
import { providerSignInNeeded } from '../../platform/http/vouching.errors.js';
import { switchTenantBody, type SwitchTenantBody } from '../account/account.dto.js';
import { notAMember, signInRefused } from '../account/account.errors.js';
import * as signInDto from '../auth/authentication.dto.js';
import {
  factorRefused,
  factorRequired,
  factorThrottled,
  passkeyRefused,
  passkeysUnavailable,
} from '../factors/factors.errors.js';
import { assertionExample } from '../factors/passkeys.example.js';
import {
  accountUnlinked,
  identityProviderNotFound,
  identityTaken,
  invitationNeeded,
  roleNeeded,
  signInCodeRefused,
} from '../identity-providers/identity-provider.errors.js';
import { completeBody, type CompleteBody } from '../identity-providers/oidc.dto.js';
import { networkNotAllowed } from '../security/security.errors.js';
import {
  loginBusy,
  loginFailed,
  loginThrottled,
  tenantMismatch,
  tenantRequired,
} from '../tenancy.errors.js';
import { browserSessionOut } from './browser-sessions.dto.js';
import { BrowserSignIn } from './browser-sign-in.service.js';

const example = {
  user: {
    id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
    username: 'ada',
    tenant: 'acme',
    roles: ['Deployer'],
    permissions: ['deployments:create', 'deployments:read'],
  },
  expiresAt: '2026-12-07T09:00:00.000Z',
};
const pageErrors = [foreignPage, httpsNeeded];
const signInErrors = [
  loginFailed,
  tenantRequired,
  tenantMismatch,
  networkNotAllowed,
  passkeyRefused,
];

/** For pages of this server (docs/adr/0092): the session is in a cookie, and no token in the answer. */
@ApiTags('authentication')
@Controller('authentication/browser')
export class BrowserSessionsController {
  constructor(private readonly signIn: BrowserSignIn) {}

  @Route('POST login', {
    access: 'public',
    rate: 'signIn',
    summary: 'Sign a browser in',
    description:
      'As `POST /authentication/login` does, for a page of this server: the answer sets a cookie that no script can read, and holds no token.',
    errors: [
      ...pageErrors,
      ...signInErrors,
      loginThrottled,
      loginBusy,
      factorRequired,
      factorRefused,
      factorThrottled,
    ],
    answer: browserSessionOut,
    status: 200,
    example: {
      request: { username: 'ada', password: 'a sentence that nobody else knows' },
      response: example,
    },
  })
  login(
    @Body({ schema: signInDto.loginBody }) body: signInDto.LoginBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.signIn.byPassword(body, { request, reply });
  }

  @Route('POST passkey', {
    access: 'public',
    rate: 'signIn',
    summary: 'Sign a browser in with a passkey',
    description:
      'As `POST /authentication/passkey` does, with a cookie. The challenge is of `POST /authentication/passkey/options`.',
    errors: [...pageErrors, ...signInErrors, passkeysUnavailable],
    answer: browserSessionOut,
    status: 200,
    example: { request: { passkey: assertionExample }, response: example },
  })
  passkey(
    @Body({ schema: signInDto.passkeyLoginBody }) body: signInDto.PasskeyLoginBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.signIn.byPasskey(body, { request, reply });
  }

  @Route('POST oidc', {
    access: 'public',
    rate: 'signIn',
    summary: 'Sign a browser in that comes back from a provider',
    description:
      'As `POST /authentication/oidc/complete` does, with a cookie: takes the code that came back and the verifier of the start.',
    errors: [
      ...pageErrors,
      signInCodeRefused,
      identityProviderNotFound,
      invitationNeeded,
      roleNeeded,
      accountUnlinked,
      identityTaken,
      tenantRequired,
      networkNotAllowed,
    ],
    answer: browserSessionOut,
    status: 200,
    example: {
      request: { code: 'q1x…', verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' },
      response: example,
    },
  })
  provider(
    @Body({ schema: completeBody }) body: CompleteBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.signIn.byProvider(body, { request, reply });
  }

  @Route('POST switch-tenant', {
    access: 'person',
    proof: { isForVouched: true },
    summary: 'Switch a browser to another tenant',
    description:
      'As `POST /authentication/switch-tenant` does, but the session that asks ends: a browser has one cookie.',
    errors: [notAMember, signInRefused, providerSignInNeeded],
    answer: browserSessionOut,
    status: 200,
    example: { request: { tenant: 'globex' }, response: example },
  })
  switchTenant(
    @Body({ schema: switchTenantBody }) { tenant }: SwitchTenantBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.signIn.switchTo(tenant, { request, reply });
  }

  @Route('POST logout', {
    access: 'person',
    proof: { isForEnrolling: true, isForVouched: true },
    summary: 'Sign a browser out',
    description:
      'Ends the session at once, its open sockets within five seconds, and takes the cookie away.',
    errors: [],
  })
  logout(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.signIn.end({ request, reply });
  }
}
