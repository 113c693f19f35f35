import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  ifMatchRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { pageOf, type PageRequest, pageQuery } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { roleBeyondOwn } from '../permissions/giving.errors.js';
import { subjectUnknown } from '../permissions/role-bindings.errors.js';
import { namedByPolicy } from '../roles/roles.errors.js';
import { lastAdmin } from '../tenancy.errors.js';
import { GroupMembersService } from './group-members.service.js';
import * as dto from './groups.dto.js';
import {
  groupExists,
  groupKeptElsewhere,
  groupLimit,
  groupMemberNotFound,
  groupNotFound,
} from './groups.errors.js';
import { GroupsService } from './groups.service.js';
import type { GroupView } from './groups.views.js';

const { name, description } = dto.exampleGroup;
const exampleBody = { name, description };
const tagged = ({ version }: GroupView) => ({ etag: etagOf(version) });

@ApiTags('groups')
@Controller('groups')
export class GroupsController {
  constructor(
    private readonly groups: GroupsService,
    private readonly members: GroupMembersService,
  ) {}

  @Route('GET', {
    access: Permission.UsersRead,
    summary: 'List groups',
    description: 'Newest first; those of one person when they are named.',
    errors: [cursorInvalid],
    answer: pageOf(dto.groupOut),
    example: { response: { items: [dto.exampleGroup], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.groupsQuery }) query: dto.GroupsQuery) {
    return this.groups.list(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.UsersRead,
    summary: 'Read a group',
    description: 'The ETag is the version for If-Match.',
    errors: [groupNotFound],
    answer: dto.groupOut,
    answerHeaders: tagged,
    example: { response: dto.exampleGroup },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.groupParams }) { id }: dto.GroupParams) {
    return this.groups.get(ctx, id);
  }

  @Route('POST', {
    access: Permission.UsersManage,
    summary: 'Create a group',
    description: 'It begins without members and without roles.',
    errors: [groupExists, groupLimit],
    answer: dto.groupOut,
    answerHeaders: tagged,
    example: { request: exampleBody, response: { ...dto.exampleGroup, members: 0 } },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.groupBody }) body: dto.GroupBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.groups.create(ctx, body, key);
  }

  @Route('PUT :id', {
    access: Permission.UsersManage,
    summary: 'Rename a group',
    description: 'Needs If-Match with the version that was read. Members and roles stay.',
    errors: [groupNotFound, groupKeptElsewhere, groupExists, ifMatchRequired, versionMismatch],
    answer: dto.groupOut,
    answerHeaders: tagged,
    example: { request: exampleBody, response: { ...dto.exampleGroup, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.groupParams }) { id }: dto.GroupParams,
    @Body({ schema: dto.groupBody }) body: dto.GroupBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.groups.replace(ctx, id, { version: ifMatchVersion(ifMatch), body });
  }

  @Route('DELETE :id', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Delete a group',
    description:
      'With the roles that it held. If it held any, the sessions of its members in the tenant end.',
    errors: [groupNotFound, groupKeptElsewhere, roleBeyondOwn, lastAdmin, namedByPolicy],
    answer: { description: 'The group is deleted.' },
    status: 204,
  })
  remove(@Ctx() ctx: Context, @Param({ schema: dto.groupParams }) { id }: dto.GroupParams) {
    return this.groups.remove(ctx, id);
  }

  @Route('GET :id/members', {
    access: Permission.UsersRead,
    summary: 'List the members of a group',
    description: 'The newest accounts first.',
    errors: [groupNotFound, cursorInvalid],
    answer: pageOf(dto.groupMemberOut),
    example: { response: { items: [dto.exampleMember], nextCursor: null } },
  })
  listMembers(
    @Ctx() ctx: Context,
    @Param({ schema: dto.groupParams }) { id }: dto.GroupParams,
    @Query({ schema: pageQuery }) query: PageRequest,
  ) {
    return this.members.list(ctx, id, query);
  }

  @Route('POST :id/members', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Add somebody to a group',
    description:
      'They hold its roles within five seconds. You must hold these roles yourself. Whoever is in it already stays.',
    errors: [groupNotFound, groupKeptElsewhere, subjectUnknown, roleBeyondOwn, groupLimit],
    answer: dto.groupMemberOut,
    example: { request: { username: 'deployer' }, response: dto.exampleMember },
  })
  add(
    @Ctx() ctx: Context,
    @Param({ schema: dto.groupParams }) { id }: dto.GroupParams,
    @Body({ schema: dto.newMember }) body: dto.NewMember,
  ) {
    return this.members.add(ctx, id, body);
  }

  @Route('DELETE :id/members/:userId', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Take somebody out of a group',
    description: 'If the group holds a role, their sessions in the tenant end within five seconds.',
    errors: [groupNotFound, groupKeptElsewhere, groupMemberNotFound, roleBeyondOwn, lastAdmin],
    answer: { description: 'They are not in the group any more.' },
    status: 204,
  })
  take(@Ctx() ctx: Context, @Param({ schema: dto.memberParams }) { id, userId }: dto.MemberParams) {
    return this.members.remove(ctx, id, userId);
  }
}
