import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './quotas.dto.js';
import { QuotasService } from './quotas.service.js';

@ApiTags('usage')
@Controller('quotas')
export class QuotasController {
  constructor(private readonly quotas: QuotasService) {}

  @Route('GET', {
    access: Permission.UsageRead,
    summary: 'Read your quotas',
    description:
      'Everything that can be limited, how much of it the tenant uses now, and its limit. What was sent is up to ten seconds old; everything else is exact.',
    errors: [],
    answer: dto.quotasOut,
    example: {
      response: {
        quotas: [
          { quota: 'modules', use: 3, limit: 5, percent: 60, resetsAt: null },
          {
            quota: 'deploymentsPerMonth',
            use: 8,
            limit: 10,
            percent: 80,
            resetsAt: '2026-12-01T00:00:00.000Z',
          },
        ],
      },
    },
  })
  list(@Ctx() ctx: Context) {
    return this.quotas.list(ctx);
  }
}
