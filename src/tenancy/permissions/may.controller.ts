import { Controller, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './may.dto.js';
import { MayService } from './may.service.js';

@ApiTags('own account')
@Controller('me')
export class MayController {
  constructor(private readonly service: MayService) {}

  @Route('GET can', {
    access: 'authenticated',
    summary: 'Ask whether you may do something',
    description:
      'Answers with the rule that says so, or with what would be needed. Of people, keys and pipelines alike; nothing is looked up, so module and environment need not exist.',
    errors: [],
    answer: dto.mayOut,
    example: {
      response: {
        allowed: true,
        by: {
          rule: 'role Deployer by group payments',
          modules: ['payment-processor'],
          environments: null,
        },
        missing: null,
      },
    },
  })
  can(@Ctx() ctx: Context, @Query({ schema: dto.mayQuery }) query: dto.MayQuery) {
    return this.service.can(ctx, query);
  }
}
