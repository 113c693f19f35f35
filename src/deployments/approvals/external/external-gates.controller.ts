import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import {
  cursorInvalid,
  ifMatchRequired,
  versionMismatch,
} from '../../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../../platform/http/if-match.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import { outboundUrlInvalid } from '../../../platform/outbound/outbound.errors.js';
import {
  externalGateExists,
  externalGateInUse,
  externalGateLimit,
  externalGateNotFound,
} from './external-gate.errors.js';
import * as dto from './external-gates.dto.js';
import { externalGateExample as example } from './external-gates.examples.js';
import { ExternalGatesService, type ExternalGateView } from './external-gates.service.js';

const tagged = ({ version }: ExternalGateView) => ({ etag: etagOf(version) });
const access = Permission.ApprovalPoliciesManage;
const proof = { isStepUp: true } as const;

@ApiTags('external-gates')
@Controller('external-gates')
export class ExternalGatesController {
  constructor(private readonly gates: ExternalGatesService) {}

  @Route('GET', {
    access,
    summary: 'List external gates',
    description: 'Systems outside that approval policies ask; newest first.',
    errors: [cursorInvalid],
    answer: pageOf(dto.externalGateOut),
    example: { response: { items: [example.response], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.externalGatesQuery }) query: dto.ExternalGatesQuery,
  ) {
    return this.gates.list(ctx, query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read an external gate',
    description: 'The ETag is the version for If-Match.',
    errors: [externalGateNotFound],
    answer: dto.externalGateOut,
    answerHeaders: tagged,
    example: { response: example.response },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.externalGateParams }) { id }: dto.ExternalGateParams,
  ) {
    return this.gates.get(ctx, id);
  }

  @Route('POST', {
    access,
    proof,
    summary: 'Create an external gate',
    description:
      'The answer shows the secret only once: it signs what Tidegate asks and what the other side answers.',
    errors: [externalGateExists, externalGateLimit, outboundUrlInvalid],
    answer: dto.externalGateSecret,
    answerHeaders: tagged,
    example: { request: example.request, response: example.withSecret },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createExternalGateBody }) body: dto.ExternalGateRules,
  ) {
    return this.gates.create(ctx, body);
  }

  @Route('PUT :id', {
    access,
    proof,
    summary: 'Change an external gate',
    description:
      'Needs If-Match with the version that was read. Questions that are open are asked at the new address, and keep their deadline.',
    errors: [
      externalGateNotFound,
      externalGateExists,
      ifMatchRequired,
      versionMismatch,
      outboundUrlInvalid,
    ],
    answer: dto.externalGateOut,
    answerHeaders: tagged,
    example: { request: example.request, response: { ...example.response, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.externalGateParams }) { id }: dto.ExternalGateParams,
    @Body({ schema: dto.replaceExternalGateBody }) rules: dto.ExternalGateRules,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.gates.replace(ctx, id, { version: ifMatchVersion(ifMatch), rules });
  }

  @Route('POST :id/rotate-secret', {
    access,
    proof,
    summary: 'Give an external gate another secret',
    description:
      'The old one stops working at once, also for answers to earlier questions. Shown only once.',
    errors: [externalGateNotFound],
    answer: dto.externalGateSecret,
    answerHeaders: tagged,
    status: 200,
    example: { response: { ...example.withSecret, version: 2 } },
  })
  rotateSecret(
    @Ctx() ctx: Context,
    @Param({ schema: dto.externalGateParams }) { id }: dto.ExternalGateParams,
  ) {
    return this.gates.rotateSecret(ctx, id);
  }

  @Route('DELETE :id', {
    access,
    proof,
    summary: 'Delete an external gate',
    description:
      'Only when no policy asks it. What it was asked and has not answered is rejected at its deadline.',
    errors: [externalGateNotFound, externalGateInUse],
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.externalGateParams }) { id }: dto.ExternalGateParams,
  ) {
    return this.gates.remove(ctx, id);
  }
}
