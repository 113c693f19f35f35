import { Body, Controller, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Config } from '../../platform/config/config.js';
import { Route } from '../../platform/http/route.js';
import {
  loginBusy,
  loginFailed,
  loginThrottled,
  notADemo,
  refreshRefused,
  tenantMismatch,
  tenantRequired,
} from '../tenancy.errors.js';
import {
  factorRefused,
  factorRequired,
  factorThrottled,
  passkeyRefused,
  passkeysUnavailable,
} from '../factors/factors.errors.js';
import { passkeyOptionsOut } from '../factors/passkeys.dto.js';
import { assertionExample, assertionOptionsExample } from '../factors/passkeys.example.js';
import { networkNotAllowed } from '../security/security.errors.js';
import { DEMO_USERS } from '../users/demo-users.js';
import * as dto from './authentication.dto.js';
import { AuthenticationService } from './authentication.service.js';
import { machineOut } from './machine-out.js';
import { namedTenant } from '../permissions/named-tenant.js';
import { originOf, signedInOf } from './signed-in-request.js';

const exampleUser = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  username: 'deployer',
  tenant: 'default',
  roles: ['Deployer'],
  permissions: ['deployments:create', 'deployments:read'],
};
const exampleTokens = {
  accessToken: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9…',
  expiresIn: 900,
  refreshToken: 'tgr_…',
  user: exampleUser,
};

const signInErrors = [
  loginFailed,
  tenantRequired,
  tenantMismatch,
  networkNotAllowed,
  passkeyRefused,
];

@ApiTags('authentication')
@Controller('authentication')
export class AuthenticationController {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly config: Config,
  ) {}

  @Route('POST login', {
    access: 'public',
    rate: 'signIn',
    summary: 'Sign in',
    description:
      'Gives an access token for one tenant and a refresh token. Whoever is a member of several tenants names one, here or by its subdomain; otherwise the answer is `tenant-required` with their slugs. Whoever has a second factor shows it beside the password; without it the answer to the right password is `factor-required`. Failed attempts are slowed, and the answer never tells whether the name exists.',
    errors: [
      ...signInErrors,
      loginThrottled,
      loginBusy,
      factorRequired,
      factorRefused,
      factorThrottled,
    ],
    answer: dto.tokens,
    status: 200,
    example: {
      request: { username: 'deployer', password: 'a sentence that nobody else knows' },
      response: exampleTokens,
    },
  })
  login(@Body({ schema: dto.loginBody }) body: dto.LoginBody, @Req() request: FastifyRequest) {
    return this.authentication.login(this.inTenant(body, request), originOf(request));
  }

  @Route('POST passkey/options', {
    access: 'public',
    summary: 'Begin a sign-in with a passkey',
    description:
      'What a browser hands to `navigator.credentials.get`. The challenge is good for five minutes and one answer: to `POST /authentication/passkey`, or as `passkey` beside a password.',
    errors: [passkeysUnavailable],
    answer: passkeyOptionsOut,
    status: 200,
    example: { response: assertionOptionsExample },
  })
  passkeyOptions() {
    return this.authentication.passkeyOptions();
  }

  @Route('POST passkey', {
    access: 'public',
    rate: 'signIn',
    summary: 'Sign in with a passkey',
    description:
      'Without a password: a passkey that has verified its holder is two factors. Answers as `POST /authentication/login` does.',
    errors: [...signInErrors, passkeysUnavailable],
    answer: dto.tokens,
    status: 200,
    example: { request: { passkey: assertionExample }, response: exampleTokens },
  })
  loginByPasskey(
    @Body({ schema: dto.passkeyLoginBody }) body: dto.PasskeyLoginBody,
    @Req() request: FastifyRequest,
  ) {
    return this.authentication.loginByPasskey(this.inTenant(body, request), originOf(request));
  }

  @Route('POST refresh', {
    access: 'public',
    summary: 'Renew an access token',
    description:
      'Takes a refresh token and gives a new pair. Each refresh token works once; repeated within 10 s the answer carries the same successor. A token that comes again later ends the whole session.',
    errors: [refreshRefused, networkNotAllowed],
    answer: dto.tokens,
    status: 200,
    example: { request: { refreshToken: 'tgr_…' }, response: exampleTokens },
  })
  refresh(
    @Body({ schema: dto.refreshBody }) body: dto.RefreshBody,
    @Req() request: FastifyRequest,
  ) {
    return this.authentication.refresh(body.refreshToken, originOf(request));
  }

  @Route('POST logout', {
    access: 'person',
    proof: { isForEnrolling: true, isForVouched: true },
    summary: 'Sign out',
    description:
      'Ends the session of the access token: its refresh token at once, its access tokens and open sockets within five seconds. Other sessions of the same person go on.',
    errors: [],
  })
  logout(@Req() request: FastifyRequest) {
    return this.authentication.logout(signedInOf(request), originOf(request));
  }

  @Route('GET me', {
    access: 'authenticated',
    proof: { isForEnrolling: true },
    summary: 'Who am I',
    description:
      'The person, the tenant of the token, and the roles and permissions held now. Of a machine: what it may do now, and with an access key which one it is.',
    errors: [],
    answer: dto.signedInUser,
    example: { response: exampleUser },
  })
  me(@Req() request: FastifyRequest): dto.SignedInUser {
    if (request.machine) return machineOut(request.machine);
    return this.authentication.me(signedInOf(request));
  }

  @Route('GET demo-credentials', {
    access: 'public',
    summary: 'The users of a demo',
    description: 'The well-known users of demo mode. Not found in every other mode.',
    errors: [notADemo],
    answer: dto.demoCredentials,
    example: {
      response: { items: [{ username: 'viewer', password: 'Viewer123!', role: 'Viewer' }] },
    },
  })
  demoCredentials(): { items: typeof DEMO_USERS } {
    if (this.config.demo) return { items: DEMO_USERS };
    throw notADemo();
  }

  /** A sign-in at a tenant’s own address is one to that tenant. Throws `tenant-mismatch`. */
  private inTenant<Body extends { readonly tenant?: string | undefined }>(
    body: Body,
    { hostname: host }: FastifyRequest,
  ): Body {
    const tenant = namedTenant({ said: body.tenant, host }, this.config.publicUrl);
    return { ...body, tenant };
  }
}
