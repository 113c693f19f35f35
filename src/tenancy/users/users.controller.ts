import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { platformRole, roleBeyondOwn, roleUnknown } from '../permissions/giving.errors.js';
import { lastAdmin } from '../tenancy.errors.js';
import { userNotFound } from './user.errors.js';
import * as dto from './users.dto.js';
import { UsersService } from './users.service.js';

const example = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  username: 'ada',
  email: 'ada@example.org',
  displayName: 'Ada Lovelace',
  roles: [
    {
      role: 'Deployer',
      modules: ['payments'],
      environments: null,
      group: null,
      source: 'manual' as const,
    },
  ],
  groups: [{ id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e60', name: 'release-team' }],
  source: 'manual' as const,
  isDisabled: false,
  joinedAt: '2026-01-05T08:00:00.000Z',
};

@ApiTags('users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Route('GET', {
    access: Permission.UsersRead,
    summary: 'List users',
    description: 'The members of your tenant, those with the newest accounts first.',
    errors: [cursorInvalid],
    answer: pageOf(dto.memberOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.usersQuery }) query: dto.UsersQuery) {
    return this.users.list(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.UsersRead,
    summary: 'Read a user',
    description: 'Somebody who is not a member of your tenant is not found, whoever it is.',
    errors: [userNotFound],
    answer: dto.memberOut,
    example: { response: example },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.userParams }) { id }: dto.UserParams) {
    return this.users.get(ctx, id);
  }

  @Route('PUT :id/roles', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Replace a user’s roles',
    description:
      'All that people have given them; what a directory, claims or groups bring stays. Nobody gives or takes more than they may do themselves. A change ends the sessions of the user in this tenant. Somebody who manages the tenant is always left.',
    errors: [userNotFound, roleUnknown, platformRole, roleBeyondOwn, lastAdmin],
    answer: dto.memberOut,
    example: {
      request: { roles: [{ role: 'Deployer', modules: ['payments'] }] },
      response: example,
    },
  })
  replaceRoles(
    @Ctx() ctx: Context,
    @Param({ schema: dto.userParams }) { id }: dto.UserParams,
    @Body({ schema: dto.replaceRolesBody }) { roles }: dto.ReplaceRolesBody,
  ) {
    return this.users.replaceRoles(ctx, id, roles);
  }

  @Route('DELETE :id', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Remove a user from the tenant',
    description:
      'Takes the membership with its roles and groups, and ends their sessions here within five seconds. The account belongs to the person and stays, as do memberships elsewhere.',
    errors: [userNotFound, platformRole, roleBeyondOwn, lastAdmin],
  })
  remove(@Ctx() ctx: Context, @Param({ schema: dto.userParams }) { id }: dto.UserParams) {
    return this.users.remove(ctx, id);
  }
}
