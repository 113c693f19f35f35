import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { lastAdmin } from '../tenancy.errors.js';
import { platformRole, roleBeyondOwn, roleUnknown } from './giving.errors.js';
import * as dto from './role-bindings.dto.js';
import {
  roleBindingExists,
  roleBindingLimit,
  roleBindingNotFound,
  roleBindingNotManual,
  subjectUnknown,
} from './role-bindings.errors.js';
import { RoleBindingsService } from './role-bindings.service.js';

@ApiTags('roles')
@Controller('role-bindings')
export class RoleBindingsController {
  constructor(private readonly bindings: RoleBindingsService) {}

  @Route('GET', {
    access: Permission.UsersRead,
    summary: 'List role bindings',
    description: 'Who holds which role, and where; newest first. Filters combine.',
    errors: [cursorInvalid],
    answer: pageOf(dto.bindingOut),
    example: { response: { items: [dto.exampleBinding], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.bindingsQuery }) query: dto.BindingsQuery) {
    return this.bindings.list(ctx, query);
  }

  @Route('POST', {
    access: Permission.RolesManage,
    proof: { isStepUp: true },
    summary: 'Give a role',
    description:
      'To a person, a group or a service account: everywhere, or for some modules and environments only. It may not be more than you may do yourself. Counts within five seconds.',
    errors: [
      subjectUnknown,
      roleUnknown,
      platformRole,
      roleBeyondOwn,
      roleBindingExists,
      roleBindingLimit,
    ],
    answer: dto.bindingOut,
    example: {
      request: {
        role: 'Deployer',
        subject: { kind: 'group', name: 'payments' },
        modules: ['payment-processor'],
      },
      response: dto.exampleBinding,
    },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.newBinding }) body: dto.NewBindingRequest,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.bindings.create(ctx, body, key);
  }

  @Route('DELETE :id', {
    access: Permission.RolesManage,
    proof: { isStepUp: true },
    summary: 'Take a role away',
    description:
      'The sessions in the tenant of those who held it end within five seconds. What you may not do yourself you cannot take either.',
    errors: [roleBindingNotFound, roleBindingNotManual, roleBeyondOwn, platformRole, lastAdmin],
    answer: { description: 'The role is taken away.' },
    status: 204,
  })
  remove(@Ctx() ctx: Context, @Param({ schema: dto.bindingParams }) { id }: { id: string }) {
    return this.bindings.remove(ctx, id);
  }
}
