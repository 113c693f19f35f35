import { Controller, Param, Query, Req, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { csvOf } from '../../kernel/csv.js';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { sendCsv, wantsCsv } from '../../platform/http/csv-answer.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import { tenantNotFound } from '../tenancy.errors.js';
import * as dto from './usage.dto.js';
import { usageTooWide } from './usage.errors.js';
import { examplePlatformUsage, exampleUsage } from './usage.examples.js';
import { UsageService } from './usage.service.js';

const AMOUNTS = ['requests', 'failures', 'sentBytes', 'busyMs', 'deployments'] as const;
const TYPES = ['application/json', 'text/csv'];

@ApiTags('usage')
@Controller()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @ApiProduces(...TYPES)
  @Route('GET usage', {
    access: Permission.UsageRead,
    summary: 'Read what your tenant has used',
    description:
      'By day, module or environment. Deployments are counted exactly; requests of the last ten seconds may be missing, and are lost only with a process that is killed. With `Accept: text/csv` or `format=csv` the rows come as comma-separated values.',
    errors: [usageTooWide],
    answer: dto.usageOut,
    example: { response: exampleUsage },
  })
  async own(
    @Ctx() ctx: Context,
    @Query({ schema: dto.usageQuery }) query: dto.UsageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const usage = await this.usage.ofOwn(ctx, query);
    return wantsCsv(request, query.format) ? rowsAsCsv(reply, usage) : usage;
  }

  @ApiProduces(...TYPES)
  @Route('GET tenants/:id/usage', {
    access: Permission.TenantsManage,
    summary: 'Read what a tenant has used',
    description: 'As the tenant itself reads it with `GET /usage`.',
    errors: [tenantNotFound, usageTooWide],
    answer: dto.usageOut,
    example: { response: exampleUsage },
  })
  async ofTenant(
    @Ctx() ctx: Context,
    @Param({ schema: dto.usageParams }) { id }: dto.UsageParams,
    @Query({ schema: dto.usageQuery }) query: dto.UsageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const usage = await this.usage.ofTenant(ctx, id, query);
    return wantsCsv(request, query.format) ? rowsAsCsv(reply, usage) : usage;
  }

  @ApiProduces(...TYPES)
  @Route('GET platform/usage', {
    access: Permission.TenantsManage,
    summary: 'Read what all tenants have used',
    description:
      'The sums of the platform, and the tenants that have used most. With `Accept: text/csv` or `format=csv` the tenants come as comma-separated values.',
    errors: [],
    answer: dto.platformUsageOut,
    example: { response: examplePlatformUsage },
  })
  async ofPlatform(
    @Query({ schema: dto.platformUsageQuery }) query: dto.PlatformUsageQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const usage = await this.usage.ofPlatform(query);
    if (!wantsCsv(request, query.format)) return usage;
    const text = csvOf(['tenantId', 'slug', ...AMOUNTS], usage.tenants);
    return sendCsv(reply, `usage-${usage.from}-${usage.to}`, text);
  }
}

function rowsAsCsv(reply: FastifyReply, { from, to, rows }: dto.UsageView): string {
  const text = csvOf(['day', 'module', 'environment', ...AMOUNTS], rows);
  return sendCsv(reply, `usage-${from}-${to}`, text);
}
