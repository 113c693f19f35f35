import { Controller, Query, Req, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { csvOf } from '../../kernel/csv.js';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { sendCsv, wantsCsv } from '../../platform/http/csv-answer.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './quotas.dto.js';
import { QuotasService } from './quotas.service.js';

@ApiTags('usage')
@Controller('quotas')
export class QuotasController {
  constructor(private readonly quotas: QuotasService) {}

  @ApiProduces('application/json', 'text/csv')
  @Route('GET', {
    access: Permission.UsageRead,
    summary: 'Read your quotas',
    description:
      'Everything that can be limited, how much of it the tenant uses now, and its limit. What was sent is up to ten seconds old; everything else is exact. With `Accept: text/csv` or `format=csv` it comes as comma-separated values.',
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
  async list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.quotasQuery }) { format }: dto.QuotasQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const view = await this.quotas.list(ctx);
    return wantsCsv(request, format) ? sendCsv(reply, 'quotas', asCsv(view.quotas)) : view;
  }
}

function asCsv(quotas: readonly dto.QuotaView[]): string {
  const rows = quotas.map((each) => ({ ...each, resetsAt: each.resetsAt?.toISOString() ?? null }));
  return csvOf(['quota', 'use', 'limit', 'percent', 'resetsAt'], rows);
}
