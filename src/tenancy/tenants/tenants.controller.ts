import { Body, Controller, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyReused,
  ifMatchRequired,
  tenantDeleting,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { tenantSlugInvalid, tenantSlugTaken } from '../tenancy.errors.js';
import { tierNotFound } from '../tiers/tiers.errors.js';
import * as dto from './tenants.dto.js';
import * as errors from './tenants.errors.js';
import { TenantsService } from './tenants.service.js';

const access = Permission.TenantsManage;
const { exampleTenant: example } = dto;
const tagged = ({ version }: dto.TenantView) => ({ etag: etagOf(version) });

@ApiTags('tenants')
@Controller('tenants')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @Route('GET', {
    access,
    summary: 'List tenants',
    description:
      'Of the whole installation, newest first. `text` is looked for in slug and name. Deleted ones stay in the list: nobody gets their slugs.',
    errors: [cursorInvalid],
    answer: pageOf(dto.tenantOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Query({ schema: dto.tenantsQuery }) query: dto.TenantsQuery) {
    return this.tenants.list(query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read a tenant',
    description:
      'With what is being done to it (`task`) while it is provisioned or purged. The ETag is the version for If-Match.',
    errors: [errors.tenantUnknown],
    answer: dto.tenantOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(@Param({ schema: dto.tenantParams }) { id }: dto.TenantParams) {
    return this.tenants.get(id);
  }

  @Route('POST', {
    access,
    summary: 'Create a tenant',
    description:
      'Its slug is its name in X-Tenant, in tokens and in host names, and never changes. Without servers for tenants it is `active` at once; with them it is `provisioning` until the worker has made what it gets there. Ask its Location. Its first member is invited by a platform admin who acts in it (X-Tenant and X-Act-As-Reason).',
    errors: [
      tenantSlugTaken,
      errors.tenantSlugReserved,
      tenantSlugInvalid,
      tierNotFound,
      idempotencyKeyReused,
    ],
    answer: dto.tenantOut,
    status: 202,
    answerHeaders: tagged,
    example: {
      request: { slug: 'acme', name: 'Acme Ltd', tier: 'starter', quotaOverrides: { nodes: 50 } },
      response: { ...example, status: 'provisioning' },
    },
  })
  async create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.newTenant }) body: dto.NewTenant,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const tenant = await this.tenants.create(ctx, body, key);
    void reply.header('location', `/api/v1/tenants/${tenant.id}`);
    return tenant;
  }

  @Route('PUT :id', {
    access,
    summary: 'Rename a tenant',
    description: 'Needs If-Match with the version that was read. The slug stays.',
    errors: [errors.tenantUnknown, tenantDeleting, ifMatchRequired, versionMismatch],
    answer: dto.tenantOut,
    answerHeaders: tagged,
    example: {
      request: { name: 'Acme Holding' },
      response: { ...example, name: 'Acme Holding', version: 2 },
    },
  })
  rename(
    @Ctx() ctx: Context,
    @Param({ schema: dto.tenantParams }) { id }: dto.TenantParams,
    @Body({ schema: dto.tenantRules }) rules: dto.TenantRules,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.tenants.rename(ctx, id, { version: ifMatchVersion(ifMatch), rules });
  }

  @Route('PUT :id/subscription', {
    access,
    summary: 'Give a tenant a tier',
    description:
      'With what it gets in place of the tier’s quotas (null: no limit), within five seconds. Needs If-Match. Whoever uses more than that keeps what is there and gets no more.',
    errors: [errors.tenantUnknown, tenantDeleting, tierNotFound, ifMatchRequired, versionMismatch],
    answer: dto.tenantOut,
    answerHeaders: tagged,
    example: {
      request: { tier: 'starter', quotaOverrides: { nodes: 50 } },
      response: { ...example, version: 2 },
    },
  })
  subscribe(
    @Ctx() ctx: Context,
    @Param({ schema: dto.tenantParams }) { id }: dto.TenantParams,
    @Body({ schema: dto.subscriptionBody }) subscription: dto.SubscriptionBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.tenants.subscribe(ctx, id, { version: ifMatchVersion(ifMatch), subscription });
  }
}
