import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { versionMismatch } from '../../../platform/http/http.errors.js';
import { Route } from '../../../platform/http/route.js';
import { type ListQuery, listQuery, type ShownQuery, shownQuery } from '../protocol/messages.js';
import * as dto from '../protocol/scim.dto.js';
import * as errors from '../protocol/scim.errors.js';
import { ScimUsersService } from './scim-users.service.js';

const bodyErrors = [errors.scimSyntaxInvalid, errors.scimValueInvalid, errors.scimNameTaken];
const patchErrors = [
  ...bodyErrors,
  errors.scimPathInvalid,
  errors.scimFilterInvalid,
  errors.scimTargetMissing,
  errors.scimReadOnly,
];
const changeErrors = [errors.scimNotFound, errors.directoryLastAdmin, versionMismatch];

const exampleUser = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: 'ada@example.org',
  externalId: '58342554-38d6-4ec8-948c-50044d0a33fd',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ value: 'ada@example.org', type: 'work', primary: true }],
  active: true,
};
const examplePatch = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'active', value: false }],
};

/** `/scim/v2/Users`: whom a directory has told of. */
@ApiTags('scim')
@Controller('scim/v2/Users')
export class ScimUsersController {
  constructor(private readonly users: ScimUsersService) {}

  @Route('GET', {
    access: 'directory',
    summary: 'List the users of the directory',
    description: 'Those whom the directory has provisioned, by a filter of RFC 7644 or all.',
    errors: [errors.scimFilterInvalid],
    answer: dto.listOut,
    answerHeaders: dto.plain,
    example: { response: dto.exampleList },
  })
  list(@Ctx() ctx: Context, @Query({ schema: listQuery }) query: ListQuery) {
    return this.users.list(ctx, query);
  }

  @Route('GET :id', {
    access: 'directory',
    summary: 'Read a user of the directory',
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
    return this.users.get(ctx, id, query);
  }

  @Route('POST', {
    access: 'directory',
    summary: 'Provision a user',
    description:
      'The person is invited by mail and comes by accepting that, as themselves; until then they hold nothing. No account is made, and none is found by its address.',
    errors: [...bodyErrors, errors.scimLimit],
    answer: dto.resourceOut,
    answerHeaders: dto.tagged,
    example: { request: exampleUser, response: dto.exampleAnswer },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.resourceBody }) body: dto.ResourceBody,
    @Query({ schema: shownQuery }) query: ShownQuery,
  ) {
    return this.users.create(ctx, body, query);
  }

  @Route('PUT :id', {
    access: 'directory',
    summary: 'Replace a user of the directory',
    description: 'What is left out is gone; `active` stays as it is.',
    errors: [...bodyErrors, ...changeErrors],
    answer: dto.resourceOut,
    answerHeaders: dto.tagged,
    example: { request: exampleUser, response: dto.exampleAnswer },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams,
    @Body({ schema: dto.resourceBody }) body: dto.ResourceBody,
    @Query({ schema: shownQuery }) query: ShownQuery,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.users.replace(ctx, id, body, { query, ifMatch });
  }

  @Route('PATCH :id', {
    access: 'directory',
    summary: 'Change a user of the directory',
    description:
      'Not active: the membership with its roles, groups, sessions and keys is gone within five seconds. Active again: a member again, with the groups of the directory.',
    errors: [...patchErrors, ...changeErrors],
    answer: dto.resourceOut,
    answerHeaders: dto.tagged,
    example: { request: examplePatch, response: dto.exampleAnswer },
  })
  patch(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams,
    @Body({ schema: dto.patchBody }) body: dto.ResourceBody,
    @Query({ schema: shownQuery }) query: ShownQuery,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.users.patch(ctx, id, body, { query, ifMatch });
  }

  @Route('DELETE :id', {
    access: 'directory',
    summary: 'Deprovision a user',
    description: 'As not active, and nothing of them is kept. The account is the person’s own.',
    errors: changeErrors,
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.resourceParams }) { id }: dto.ResourceParams,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.users.remove(ctx, id, ifMatch);
  }
}
