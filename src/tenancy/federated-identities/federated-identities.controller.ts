import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
  ifMatchRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { type PageRequest, pageQuery } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import {
  outboundAnswerUnusable,
  outboundBusy,
  outboundRefused,
  outboundUnreachable,
  outboundUrlInvalid,
} from '../../platform/outbound/outbound.errors.js';
import type { FederatedIdentityView } from './federated-identity.js';
import * as dto from './federated-identities.dto.js';
import {
  audienceReserved,
  audienceTaken,
  federatedGrantsTooWide,
  federatedIdentityLimit,
  federatedIdentityNotFound,
  federatedIdentityTaken,
  federatedRulesInvalid,
  issuerInvalid,
  subjectTokenMalformed,
} from './federated-identities.errors.js';
import * as examples from './federated-identities.examples.js';
import { FederatedIdentitiesService } from './federated-identities.service.js';
import { TokenExplanations } from './token-explanation.js';

const access = Permission.FederatedIdentitiesManage;
const proof = { isStepUp: true };
const tagged = ({ version }: FederatedIdentityView) => ({ etag: etagOf(version) });

@ApiTags('federated identities')
@Controller('federated-identities')
export class FederatedIdentitiesController {
  constructor(
    private readonly identities: FederatedIdentitiesService,
    private readonly explanations: TokenExplanations,
  ) {}

  @Route('GET', {
    access,
    summary: 'List federated identities',
    description: 'Newest first: which pipelines are let in by tokens of their own issuer.',
    errors: [cursorInvalid],
    answer: dto.federatedIdentityPage,
    example: { response: { items: [examples.identity], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: pageQuery }) query: PageRequest) {
    return this.identities.list(ctx, query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read a federated identity',
    description: 'With its rules and what it grants. The ETag is the version for If-Match.',
    errors: [federatedIdentityNotFound],
    answer: dto.federatedIdentityOut,
    answerHeaders: tagged,
    example: { response: examples.identity },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.federatedIdentityParams }) { id }: dto.FederatedIdentityParams,
  ) {
    return this.identities.get(ctx, id);
  }

  @Route('POST', {
    access,
    proof,
    summary: 'Let pipelines in',
    description:
      'Tokens of the issuer that meet a rule can be exchanged at `POST /authentication/token`. Rules are about claims with ids, never about names or `sub`. Nobody gives more than they have; what is given stays when its maker leaves. Modules may be named before they exist. The discovery document of an issuer other than github.com and gitlab.com is read at once.',
    errors: [
      federatedRulesInvalid,
      federatedGrantsTooWide,
      issuerInvalid,
      audienceReserved,
      audienceTaken,
      federatedIdentityLimit,
      federatedIdentityTaken,
      outboundUrlInvalid,
      outboundRefused,
      outboundUnreachable,
      outboundAnswerUnusable,
      outboundBusy,
      idempotencyKeyReused,
      idempotencyKeyInFlight,
    ],
    answer: dto.federatedIdentityOut,
    example: { request: examples.created, response: examples.identity },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createFederatedIdentityBody }) body: dto.CreateFederatedIdentityBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.identities.create(ctx, body, key);
  }

  @Route('PUT :id', {
    access,
    proof,
    summary: 'Replace what a federated identity lets in and grants',
    description:
      'Needs If-Match with the version that was read. Name, issuer and audience stay. With other rules, tokens that were exchanged before are refused within five seconds; what is granted no more is, too.',
    errors: [
      federatedIdentityNotFound,
      ifMatchRequired,
      versionMismatch,
      federatedRulesInvalid,
      federatedGrantsTooWide,
    ],
    answer: dto.federatedIdentityOut,
    answerHeaders: tagged,
    example: { request: examples.replaced, response: examples.identity },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.federatedIdentityParams }) { id }: dto.FederatedIdentityParams,
    @Body({ schema: dto.replaceFederatedIdentityBody }) body: dto.ReplaceFederatedIdentityBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.identities.replace(ctx, id, ifMatchVersion(ifMatch), body);
  }

  @Route('POST :id/disable', {
    access,
    proof,
    summary: 'Shut pipelines out',
    description:
      'No token is exchanged any more, and those that were are refused within five seconds. Deployments that were begun go on. Repeating it changes nothing.',
    errors: [federatedIdentityNotFound],
    answer: dto.federatedIdentityOut,
    status: 200,
    example: { response: { ...examples.identity, disabledAt: '2026-11-02T08:00:00.000Z' } },
  })
  disable(
    @Ctx() ctx: Context,
    @Param({ schema: dto.federatedIdentityParams }) { id }: dto.FederatedIdentityParams,
  ) {
    return this.identities.disable(ctx, id);
  }

  @Route('POST :id/enable', {
    access,
    proof,
    summary: 'Let pipelines in again',
    description:
      'By the rules that it has, and only if you have what it grants. Tokens that were exchanged before are good again for what is left of their life.',
    errors: [federatedIdentityNotFound, federatedGrantsTooWide],
    answer: dto.federatedIdentityOut,
    status: 200,
    example: { response: examples.identity },
  })
  enable(
    @Ctx() ctx: Context,
    @Param({ schema: dto.federatedIdentityParams }) { id }: dto.FederatedIdentityParams,
  ) {
    return this.identities.enable(ctx, id);
  }

  @Route('DELETE :id', {
    access,
    proof,
    summary: 'Delete a federated identity',
    description: 'As disabling it, for good. What it did stays in the audit trail under its name.',
    errors: [federatedIdentityNotFound],
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.federatedIdentityParams }) { id }: dto.FederatedIdentityParams,
  ) {
    return this.identities.remove(ctx, id);
  }

  @Route('POST :id/test', {
    access,
    summary: 'Explain a token',
    description:
      'What an exchange would make of the OIDC token of a job: each check, and each clause with what was expected and received. Nothing is issued, and the token is not used up.',
    errors: [federatedIdentityNotFound, subjectTokenMalformed],
    answer: dto.tokenExplanation,
    status: 200,
    example: { request: { token: 'eyJhbGciOiJSUzI1NiIs…' }, response: examples.explanation },
  })
  test(
    @Ctx() ctx: Context,
    @Param({ schema: dto.federatedIdentityParams }) { id }: dto.FederatedIdentityParams,
    @Body({ schema: dto.testFederatedIdentityBody }) { token }: dto.TestFederatedIdentityBody,
  ) {
    return this.explanations.explain(ctx, id, token);
  }
}
