import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { environmentNotFound } from '../../../fleet/fleet.errors.js';
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
import * as dto from './approval-policies.dto.js';
import {
  approvalPolicyExists,
  approvalPolicyLimit,
  approvalPolicyNotFound,
  approvalPolicyUnmeetable,
  approverUnknown,
  externalGateUnknown,
} from './approval-policies.errors.js';
import { approvalPolicyExample, approvalPolicyRulesExample } from './approval-policies.example.js';
import { ApprovalPoliciesService } from './approval-policies.service.js';
import type { ApprovalPolicyView } from './approval-policy.js';

const tagged = ({ version }: ApprovalPolicyView) => ({ etag: etagOf(version) });
const REFUSALS = [
  environmentNotFound,
  approverUnknown,
  externalGateUnknown,
  approvalPolicyUnmeetable,
  approvalPolicyExists,
];

@ApiTags('approval-policies')
@Controller('approval-policies')
export class ApprovalPoliciesController {
  constructor(private readonly policies: ApprovalPoliciesService) {}

  @Route('GET', {
    access: Permission.ApprovalsRead,
    summary: 'List approval policies',
    description:
      'Newest first. Every policy that matches a deployment must be met on its own before it starts.',
    errors: [environmentNotFound, cursorInvalid],
    answer: pageOf(dto.approvalPolicyOut),
    example: { response: { items: [approvalPolicyExample], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.approvalPoliciesQuery }) query: dto.ApprovalPoliciesQuery,
  ) {
    return this.policies.list(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.ApprovalsRead,
    summary: 'Read an approval policy',
    description: 'The ETag is the version for If-Match.',
    errors: [approvalPolicyNotFound],
    answer: dto.approvalPolicyOut,
    answerHeaders: tagged,
    example: { response: approvalPolicyExample },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.approvalPolicyParams }) { id }: dto.ApprovalPolicyParams,
  ) {
    return this.policies.get(ctx, id);
  }

  @Route('POST', {
    access: Permission.ApprovalPoliciesManage,
    summary: 'Create an approval policy',
    description:
      'It counts for deployments that are asked for from then on. One that no set of people could meet now is refused. Whoever manages some environments only makes none for all.',
    errors: [...REFUSALS, approvalPolicyLimit],
    answer: dto.approvalPolicyOut,
    answerHeaders: tagged,
    example: { request: approvalPolicyRulesExample, response: approvalPolicyExample },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.approvalPolicyBody }) body: dto.ApprovalPolicyBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.policies.create(ctx, body, key);
  }

  @Route('PUT :id', {
    access: Permission.ApprovalPoliciesManage,
    proof: { isStepUp: true },
    summary: 'Replace an approval policy',
    description:
      'Needs If-Match with the version that was read. Decisions that were given under it are void, and asked for again.',
    errors: [approvalPolicyNotFound, ...REFUSALS, ifMatchRequired, versionMismatch],
    answer: dto.approvalPolicyOut,
    answerHeaders: tagged,
    example: {
      request: approvalPolicyRulesExample,
      response: { ...approvalPolicyExample, version: 2 },
    },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.approvalPolicyParams }) { id }: dto.ApprovalPolicyParams,
    @Body({ schema: dto.approvalPolicyBody }) body: dto.ApprovalPolicyBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.policies.replace(ctx, id, { version: ifMatchVersion(ifMatch), body });
  }

  @Route('DELETE :id', {
    access: Permission.ApprovalPoliciesManage,
    proof: { isStepUp: true },
    summary: 'Delete an approval policy',
    description: 'Deployments that wait under it are asked for again, without it.',
    errors: [approvalPolicyNotFound],
    answer: { description: 'The policy is deleted.' },
    status: 204,
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.approvalPolicyParams }) { id }: dto.ApprovalPolicyParams,
  ) {
    return this.policies.remove(ctx, id);
  }
}
