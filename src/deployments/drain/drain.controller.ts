import { Body, Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nodeNotFound } from '../../fleet/fleet.errors.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import { nodeOut, nodeParams, type NodeParams } from '../../releases/nodes/nodes.dto.js';
import { nodeExample } from '../../releases/nodes/nodes.example.js';
import { drainBody, type DrainBody } from './drain.dto.js';
import { drainDuringRollout, drainLeavesTooFew } from './drain.errors.js';
import { Drain } from './drain.service.js';

@ApiTags('nodes')
@Controller('nodes')
export class DrainController {
  constructor(private readonly drains: Drain) {}

  @Route('POST :id/drain', {
    access: Permission.FleetManage,
    rate: 'clusters',
    summary: 'Stop all that runs on a node',
    description:
      'It is cordoned, its traffic ends as at the end of a release, and what runs is stopped; `drain` of the node says how far that is. Refused where fewer than `minAvailable` nodes would serve, and while a rollout moves the cluster. Uncordon ends it: with its next report the node gets what its cluster runs by then. Repeating it changes nothing.',
    errors: [nodeNotFound, drainDuringRollout, drainLeavesTooFew],
    answer: nodeOut,
    status: 200,
    example: {
      request: { reason: 'a new disk', deadlineMinutes: 15 },
      response: {
        ...nodeExample,
        state: 'Cordoned',
        drain: {
          state: 'draining',
          since: '2026-01-05T09:30:00.000Z',
          deadlineAt: '2026-01-05T09:45:00.000Z',
          by: 'admin',
          reason: 'a new disk',
          left: ['payment-processor'],
        },
      },
    },
  })
  drain(
    @Ctx() ctx: Context,
    @Param({ schema: nodeParams }) { id }: NodeParams,
    @Body({ schema: drainBody }) body: DrainBody,
  ) {
    return this.drains.drain(ctx, id, body);
  }
}
