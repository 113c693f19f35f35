import { Body, Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import { deploymentNotFound, stateNotSuitable } from '../deployment.errors.js';
import { FreezeOverrides } from './freeze-overrides.service.js';
import * as dto from './freezes.dto.js';
import { overrideExample } from './freezes.examples.js';

@ApiTags('freezes')
@Controller('deployments')
export class FreezeOverridesController {
  constructor(private readonly overrides: FreezeOverrides) {}

  @Route('POST :id/override-freeze', {
    access: Permission.FreezesOverride,
    proof: { isStepUp: true },
    summary: 'Let a deployment pass despite freezes',
    description:
      'That one, and the way back from it; the kill switch and approvals stand. Needs a reason, and a proof, not older than five minutes, that it is you. Asking again returns the first.',
    errors: [deploymentNotFound, stateNotSuitable],
    answer: dto.overrideOut,
    status: 200,
    example: { request: { reason: overrideExample.reason }, response: overrideExample },
  })
  override(
    @Ctx() ctx: Context,
    @Param({ schema: dto.overrideParams }) { id }: z.output<typeof dto.overrideParams>,
    @Body({ schema: dto.overrideFreeze }) { reason }: z.output<typeof dto.overrideFreeze>,
  ) {
    return this.overrides.override(ctx, id, reason);
  }
}
