import { Body, Controller, Headers, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { ifMatchRequired, versionMismatch } from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { roleBeyondOwn } from '../permissions/giving.errors.js';
import * as dto from './roles.dto.js';
import { namedByPolicy, roleExists, roleInUse, roleLimit, roleNotFound } from './roles.errors.js';
import { type OwnRole, RolesService } from './roles.service.js';

const { version: _version, createdAt: _createdAt, ...shownInLists } = dto.exampleRole;
const { id: _id, ...exampleBody } = shownInLists;
const tagged = ({ version }: OwnRole) => ({ etag: etagOf(version) });

@ApiTags('roles')
@Controller()
export class RolesController {
  constructor(private readonly roles: RolesService) {}

  @Route('GET permissions', {
    access: 'authenticated',
    summary: 'List all permissions',
    description:
      'What may be done at all, what a scope of modules or environments does to it, and which built-in roles have it.',
    errors: [],
    answer: pageOf(dto.permissionOut),
    example: {
      response: {
        items: [
          {
            permission: 'deployments:create',
            modules: 'narrows',
            environments: 'narrows',
            roles: ['Deployer', 'Admin'],
          },
        ],
        nextCursor: null,
      },
    },
  })
  permissions() {
    return this.roles.permissions();
  }

  @Route('GET roles', {
    access: Permission.UsersRead,
    summary: 'List roles',
    description: 'The built-in ones, then the tenant’s own by name; all at once.',
    errors: [],
    answer: pageOf(dto.roleOut),
    example: { response: { items: [{ ...shownInLists, isBuiltIn: false }], nextCursor: null } },
  })
  list(@Ctx() ctx: Context) {
    return this.roles.list(ctx);
  }

  @Route('GET roles/:id', {
    access: Permission.UsersRead,
    summary: 'Read a role of the tenant',
    description: 'The ETag is the version for If-Match. Built-in roles have no id.',
    errors: [roleNotFound],
    answer: dto.ownRoleOut,
    answerHeaders: tagged,
    example: { response: dto.exampleRole },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.roleParams }) { id }: { id: string }) {
    return this.roles.get(ctx, id);
  }

  @Route('POST roles', {
    access: Permission.RolesManage,
    proof: { isStepUp: true },
    summary: 'Create a role',
    description:
      'A named set of permissions, to be given by a role binding. It may hold no permission that you do not hold everywhere yourself.',
    errors: [roleBeyondOwn, roleExists, roleLimit],
    answer: dto.ownRoleOut,
    answerHeaders: tagged,
    example: { request: exampleBody, response: dto.exampleRole },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.roleBody }) body: dto.RoleBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.roles.create(ctx, body, key);
  }

  @Route('PUT roles/:id', {
    access: Permission.RolesManage,
    proof: { isStepUp: true },
    summary: 'Replace a role',
    description:
      'Needs If-Match with the version that was read. Whoever holds the role may do what it says within five seconds; if it says less than before, their sessions in the tenant end. You must hold all that it said and will say.',
    errors: [
      roleNotFound,
      roleBeyondOwn,
      roleExists,
      namedByPolicy,
      ifMatchRequired,
      versionMismatch,
    ],
    answer: dto.ownRoleOut,
    answerHeaders: tagged,
    example: { request: exampleBody, response: { ...dto.exampleRole, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.roleParams }) { id }: { id: string },
    @Body({ schema: dto.roleBody }) body: dto.RoleBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.roles.replace(ctx, id, { version: ifMatchVersion(ifMatch), body });
  }

  @Route('DELETE roles/:id', {
    access: Permission.RolesManage,
    proof: { isStepUp: true },
    summary: 'Delete a role',
    description: 'Only while nobody holds it.',
    errors: [roleNotFound, roleInUse, namedByPolicy],
    answer: { description: 'The role is deleted.' },
    status: 204,
  })
  remove(@Ctx() ctx: Context, @Param({ schema: dto.roleParams }) { id }: { id: string }) {
    return this.roles.remove(ctx, id);
  }
}
