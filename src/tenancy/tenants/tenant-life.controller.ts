import { Body, Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { tenantDeleting, tenantNotReady } from '../../platform/http/http.errors.js';
import { Route } from '../../platform/http/route.js';
import { TenantSecretsService } from '../tenant-tasks/tenant-secrets.service.js';
import * as dto from './tenants.dto.js';
import * as errors from './tenants.errors.js';
import { TenantLifeService } from './tenant-life.service.js';

const access = Permission.TenantsManage;
const proof = { isStepUp: true };
const { exampleTenant: example } = dto;
const provisioning = { ...example, status: 'provisioning' };
const secret = {
  kind: 'postgres',
  host: 'tenants-db',
  port: 5432,
  database: 'tenants',
  username: 'tenant_acme',
  password: 'hV2uZ5wX1cY8bN4mQ7tR0pL3kJ6gF9dS2aE5iO8uT1w',
  namespace: 'tenant_acme',
};
const suspended = {
  ...example,
  status: 'suspended',
  suspendedAt: '2026-05-04T09:12:33.000Z',
  suspendedReason: 'Unpaid since March',
};
const deleting = {
  ...example,
  status: 'deleting',
  deletedAt: '2026-05-04T09:12:33.000Z',
  restorableUntil: '2026-06-03T09:12:33.000Z',
};

@ApiTags('tenants')
@Controller('tenants')
export class TenantLifeController {
  constructor(
    private readonly life: TenantLifeService,
    private readonly secrets: TenantSecretsService,
  ) {}

  @Route('POST :id/suspend', {
    access,
    proof,
    summary: 'Suspend a tenant',
    description:
      'Everywhere within five seconds. Its people sign in and read; what they write is refused (`tenant-suspended`), except that rollouts are paused, cancelled and rolled back. Rollouts in flight go to their end, and nodes serve.',
    errors: [errors.tenantUnknown, errors.tenantReserved, errors.tenantStatus],
    answer: dto.tenantOut,
    status: 200,
    example: { request: { reason: 'Unpaid since March' }, response: suspended },
  })
  suspend(
    @Ctx() ctx: Context,
    @Param({ schema: dto.tenantParams }) { id }: dto.TenantParams,
    @Body({ schema: dto.suspendBody }) { reason }: dto.SuspendBody,
  ) {
    return this.life.suspend(ctx, id, reason);
  }

  @Route('POST :id/activate', {
    access,
    summary: 'Activate a suspended tenant',
    description: 'Everywhere within five seconds.',
    errors: [errors.tenantUnknown, errors.tenantStatus],
    answer: dto.tenantOut,
    status: 200,
    example: { response: example },
  })
  activate(@Ctx() ctx: Context, @Param({ schema: dto.tenantParams }) { id }: dto.TenantParams) {
    return this.life.activate(ctx, id);
  }

  @Route('DELETE :id', {
    access,
    proof,
    summary: 'Delete a tenant',
    description:
      'Nobody gets in any more; nodes serve. Until `restorableUntil` it can be restored. After that all that it has is taken away for good, on other servers, too; its slug stays taken.',
    errors: [errors.tenantUnknown, errors.tenantReserved, errors.tenantOwn, errors.tenantStatus],
    answer: dto.tenantOut,
    status: 202,
    example: { response: deleting },
  })
  delete(@Ctx() ctx: Context, @Param({ schema: dto.tenantParams }) { id }: dto.TenantParams) {
    return this.life.delete(ctx, id);
  }

  @Route('POST :id/restore', {
    access,
    summary: 'Restore a deleted tenant',
    description: 'As it was, suspended if it was. Not when its purge has begun.',
    errors: [errors.tenantUnknown, errors.tenantStatus, errors.tenantGone],
    answer: dto.tenantOut,
    status: 200,
    example: { response: example },
  })
  restore(@Ctx() ctx: Context, @Param({ schema: dto.tenantParams }) { id }: dto.TenantParams) {
    return this.life.restore(ctx, id);
  }

  @Route('POST :id/provision', {
    access,
    summary: 'Provision a tenant once more',
    description:
      'After it has failed and everything was undone (`task.state` is `undone`, `task.reason` says why).',
    errors: [errors.tenantUnknown, errors.tenantStatus],
    answer: dto.tenantOut,
    status: 202,
    example: { response: provisioning },
  })
  provision(@Ctx() ctx: Context, @Param({ schema: dto.tenantParams }) { id }: dto.TenantParams) {
    return this.life.provision(ctx, id);
  }

  @Route('POST :id/resources/:kind/show', {
    access,
    proof,
    summary: 'Show the password of a resource, once',
    description:
      'What the tenant’s applications sign in with on the server for tenants. Whoever asks first gets it; it is kept nowhere after that.',
    errors: [
      errors.tenantUnknown,
      tenantNotReady,
      tenantDeleting,
      errors.tenantResourceNotFound,
      errors.tenantSecretShown,
    ],
    answer: dto.secretOut,
    status: 200,
    example: { response: secret },
  })
  show(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id, kind }: dto.ResourceParams,
  ) {
    return this.secrets.show(ctx, id, kind);
  }

  @Route('POST :id/resources/:kind/rotate', {
    access,
    proof,
    summary: 'Make a new password for a resource',
    description:
      'It is shown only once. The former one is good no more; connections that are open stay.',
    errors: [
      errors.tenantUnknown,
      tenantNotReady,
      tenantDeleting,
      errors.tenantResourceNotFound,
      errors.tenantServerUnavailable,
    ],
    answer: dto.secretOut,
    status: 200,
    example: { response: secret },
  })
  rotate(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id, kind }: dto.ResourceParams,
  ) {
    return this.secrets.rotate(ctx, id, kind);
  }
}
