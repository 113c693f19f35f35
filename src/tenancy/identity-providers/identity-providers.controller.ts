import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
  ifMatchRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { platformRole, roleBeyondOwn, roleUnknown } from '../permissions/giving.errors.js';
import { lastAdmin } from '../tenancy.errors.js';
import {
  emergencyAccountNeeded,
  identityProviderExists,
  identityProviderLimit,
  identityProviderNotFound,
  providerIssuerInvalid,
  ruleGroupUnknown,
} from './identity-provider.errors.js';
import type { IdentityProviderView } from './identity-provider.js';
import * as dto from './identity-providers.dto.js';
import { identityProviderExample as example } from './identity-providers.example.js';
import { IdentityProvidersService } from './identity-providers.service.js';
import { ProviderTests } from './provider-tests.js';

const tagged = ({ version }: IdentityProviderView) => ({ etag: etagOf(version) });
const access = Permission.IdentityProvidersManage;
const proof = { isStepUp: true } as const;

@ApiTags('identity-providers')
@Controller('identity-providers')
export class IdentityProvidersController {
  constructor(
    private readonly providers: IdentityProvidersService,
    private readonly tests: ProviderTests,
  ) {}

  @Route('GET', {
    access,
    summary: 'List identity providers',
    description: 'Where people of the tenant sign in; newest first. Secrets are never answered.',
    errors: [cursorInvalid],
    answer: pageOf(dto.identityProviderOut),
    example: { response: { items: [example.response], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.identityProvidersQuery }) query: dto.IdentityProvidersQuery,
  ) {
    return this.providers.list(ctx, query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read an identity provider',
    description: 'The ETag is the version for If-Match.',
    errors: [identityProviderNotFound],
    answer: dto.identityProviderOut,
    answerHeaders: tagged,
    example: { response: example.response },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.identityProviderParams }) { id }: dto.IdentityProviderParams,
  ) {
    return this.providers.get(ctx, id);
  }

  @Route('POST', {
    access,
    proof,
    summary: 'Create an identity provider',
    description:
      'An issuer of OpenID Connect. Enter the `redirectUri` of the answer there. Rules give no more than you may do yourself.',
    errors: [
      providerIssuerInvalid,
      identityProviderExists,
      identityProviderLimit,
      emergencyAccountNeeded,
      ruleGroupUnknown,
      roleUnknown,
      roleBeyondOwn,
      platformRole,
      idempotencyKeyReused,
      idempotencyKeyInFlight,
    ],
    answer: dto.identityProviderOut,
    answerHeaders: tagged,
    example,
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createIdentityProviderBody }) body: dto.CreateIdentityProviderBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.providers.create(ctx, body, key);
  }

  @Route('PUT :id', {
    access,
    proof,
    summary: 'Change an identity provider',
    description:
      'Needs If-Match with the version that was read. Disabled, or with another issuer, client or word about second factors, it ends the sessions that it has vouched for within five seconds. Another issuer needs its secret again.',
    errors: [
      identityProviderNotFound,
      ifMatchRequired,
      versionMismatch,
      providerIssuerInvalid,
      identityProviderExists,
      emergencyAccountNeeded,
      ruleGroupUnknown,
      roleUnknown,
      roleBeyondOwn,
      platformRole,
    ],
    answer: dto.identityProviderOut,
    answerHeaders: tagged,
    example: { request: example.request, response: { ...example.response, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.identityProviderParams }) { id }: dto.IdentityProviderParams,
    @Body({ schema: dto.replaceIdentityProviderBody }) body: dto.ReplaceIdentityProviderBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.providers.replace(ctx, id, { version: ifMatchVersion(ifMatch), body });
  }

  @Route('DELETE :id', {
    access,
    proof,
    summary: 'Delete an identity provider',
    description:
      'Ends the sessions that it has vouched for within five seconds, and takes the roles and groups that its rules have given. What is linked to people stays linked, should the issuer come back.',
    errors: [identityProviderNotFound, lastAdmin],
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.identityProviderParams }) { id }: dto.IdentityProviderParams,
  ) {
    return this.providers.remove(ctx, id);
  }

  @Route('POST :id/test', {
    access,
    summary: 'Test an identity provider',
    description:
      'Asks the issuer for its discovery document and its keys, and says what is wrong. Nobody signs in by it; whether the client secret is right shows at the first sign-in only.',
    errors: [identityProviderNotFound],
    answer: dto.providerTestOut,
    status: 200,
    example: {
      response: {
        isUsable: true,
        checks: [{ name: 'discovery', isPassed: true, says: 'It answers for its issuer.' }],
      },
    },
  })
  test(
    @Ctx() ctx: Context,
    @Param({ schema: dto.identityProviderParams }) { id }: dto.IdentityProviderParams,
  ) {
    return this.tests.run(ctx, id);
  }
}
