import { Body, Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { Route } from '../../../platform/http/route.js';
import { passkeysUnavailable } from '../../../tenancy/factors/factors.errors.js';
import { passkeyOptionsOut } from '../../../tenancy/factors/passkeys.dto.js';
import { assertionOptionsExample } from '../../../tenancy/factors/passkeys.example.js';
import { deploymentNotFound } from '../../deployment.errors.js';
import {
  approvalNeedsPerson,
  approvalNotOpen,
  approvalSubjectChanged,
} from '../approvals.errors.js';
import { ApprovalChallenges } from './approval-challenges.service.js';
import * as dto from './passkeys.dto.js';
import { approvalChallengeLimit, approvalNoPasskey } from './passkeys.errors.js';
import { challengeExample, evidenceExample } from './passkeys.examples.js';

@ApiTags('approvals')
@Controller('approvals/deployments')
export class PasskeyDecisionsController {
  constructor(private readonly challenges: ApprovalChallenges) {}

  @Route('POST :deploymentId/challenge', {
    access: Permission.ApprovalsDecide,
    summary: 'Begin a decision that a passkey signs',
    description:
      'What a browser hands to `navigator.credentials.get`; its answer is `assertion` of `approve` or `reject`. The challenge is the sha-256 of what is decided, by whom and under which policies; good for that, five minutes, and one answer.',
    errors: [
      deploymentNotFound,
      approvalNeedsPerson,
      approvalNotOpen,
      approvalSubjectChanged,
      approvalNoPasskey,
      approvalChallengeLimit,
      passkeysUnavailable,
    ],
    answer: passkeyOptionsOut,
    status: 200,
    example: { request: challengeExample, response: assertionOptionsExample },
  })
  challenge(
    @Ctx() ctx: Context,
    @Param({ schema: dto.challengeParams }) { deploymentId }: dto.ChallengeParams,
    @Body({ schema: dto.challengeBody }) body: dto.ChallengeBody,
  ) {
    return this.challenges.options(ctx, deploymentId, body);
  }

  @Route('GET :deploymentId/evidence', {
    access: Permission.ApprovalsRead,
    summary: 'Read what decisions were signed with',
    description:
      'All that is needed to verify them again without this server: what was signed, the answer of the passkey, its public key. Decisions that count no more are among them.',
    errors: [deploymentNotFound],
    answer: dto.evidenceOut,
    example: { response: { items: [evidenceExample] } },
  })
  evidence(
    @Ctx() ctx: Context,
    @Param({ schema: dto.challengeParams }) { deploymentId }: dto.ChallengeParams,
  ) {
    return this.challenges.evidence(ctx, deploymentId);
  }
}
