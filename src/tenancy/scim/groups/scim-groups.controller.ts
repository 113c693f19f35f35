import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { versionMismatch } from '../../../platform/http/http.errors.js';
import { Route } from '../../../platform/http/route.js';
import { type ListQuery, listQuery, type ShownQuery, shownQuery } from '../protocol/messages.js';
import * as dto from '../protocol/scim.dto.js';
import * as errors from '../protocol/scim.errors.js';
import { ScimGroupsService } from './scim-groups.service.js';

const bodyErrors = [
  errors.scimSyntaxInvalid,
  errors.scimValueInvalid,
  errors.scimNameTaken,
  errors.scimLimit,
];
const patchErrors = [
  ...bodyErrors,
  errors.scimPathInvalid,
  errors.scimFilterInvalid,
  errors.scimTargetMissing,
  errors.scimReadOnly,
];
const changeErrors = [errors.scimNotFound, errors.directoryLastAdmin, versionMismatch];

const exampleGroup = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
  displayName: 'Payments',
  members: [{ value: '019a7f3e-a000-7aaa-8bbb-0123456789ab' }],
};
const examplePatch = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [
    { op: 'add', path: 'members', value: [{ value: '019a7f3e-a000-7aaa-8bbb-0123456789ab' }] },
  ],
};

/** `/scim/v2/Groups`: groups that a directory keeps. Roles are bound to them by people of the tenant. */
@ApiTags('scim')
@Controller('scim/v2/Groups')
export class ScimGroupsController {
  constructor(private readonly groups: ScimGroupsService) {}

  @Route('GET', {
    access: 'directory',
    summary: 'List the groups of the directory',
    description: 'By a filter of RFC 7644 or all; more at once with `excludedAttributes=members`.',
    errors: [errors.scimFilterInvalid],
    answer: dto.listOut,
    answerHeaders: dto.plain,
    example: { response: dto.exampleList },
  })
  list(@Ctx() ctx: Context, @Query({ schema: listQuery }) query: ListQuery) {
    return this.groups.list(ctx, query);
  }

  @Route('GET :id', {
    access: 'directory',
    summary: 'Read a group of the directory',
    description: 'The ETag is the version for If-Match, which may be left out.',
    errors: [errors.scimNotFound],
    answer: dto.resourceOut,
    answerHeaders: dto.tagged,
    example: { response: dto.exampleAnswer },
  })
  get(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams,
    @Query({ schema: shownQuery }) query: ShownQuery,
  ) {
    return this.groups.get(ctx, id, query);
  }

  @Route('POST', {
    access: 'directory',
    summary: 'Provision a group',
    description:
      'It holds no roles until somebody of the tenant binds one to it. A name that a group made by hand has is taken.',
    errors: bodyErrors,
    answer: dto.resourceOut,
    answerHeaders: dto.tagged,
    example: { request: exampleGroup, response: dto.exampleAnswer },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.resourceBody }) body: dto.ResourceBody,
    @Query({ schema: shownQuery }) query: ShownQuery,
  ) {
    return this.groups.create(ctx, body, query);
  }

  @Route('PUT :id', {
    access: 'directory',
    summary: 'Replace a group of the directory',
    description: 'With all its members.',
    errors: [...bodyErrors, ...changeErrors],
    answer: dto.resourceOut,
    answerHeaders: dto.tagged,
    example: { request: exampleGroup, response: dto.exampleAnswer },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams,
    @Body({ schema: dto.resourceBody }) body: dto.ResourceBody,
    @Query({ schema: shownQuery }) query: ShownQuery,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.groups.replace(ctx, id, body, { query, ifMatch });
  }

  @Route('PATCH :id', {
    access: 'directory',
    summary: 'Change a group of the directory',
    description:
      'Adds and takes members, or renames it. Who is taken out of a group that holds roles signs in again. The answer is empty: a group may be large.',
    errors: [...patchErrors, ...changeErrors],
    example: { request: examplePatch },
  })
  patch(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams,
    @Body({ schema: dto.patchBody }) body: dto.ResourceBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.groups.patch(ctx, id, body, ifMatch);
  }

  @Route('DELETE :id', {
    access: 'directory',
    summary: 'Deprovision a group',
    description: 'With the roles that it held.',
    errors: changeErrors,
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.groups.remove(ctx, id, ifMatch);
  }
}
