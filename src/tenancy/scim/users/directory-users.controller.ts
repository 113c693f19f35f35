import { Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { mailAddressInvalid, mailLimitReached } from '../../../drivers/channels/mail.errors.js';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { cursorInvalid } from '../../../platform/http/http.errors.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import { roleBeyondOwn } from '../../permissions/giving.errors.js';
import * as dto from './directory-users.dto.js';
import { directoryUserNotFound, directoryUserNotWaiting } from './directory-users.errors.js';
import { DirectoryUsersService } from './directory-users.service.js';

const { exampleDirectoryUser: example } = dto;

@ApiTags('directory')
@Controller('directory-users')
export class DirectoryUsersController {
  constructor(private readonly users: DirectoryUsersService) {}

  @Route('GET', {
    access: Permission.UsersRead,
    summary: 'List the users of the directory',
    description:
      'Whom the tenant’s directory has provisioned, newest first: who has come, and who waits for an invitation.',
    errors: [cursorInvalid],
    answer: pageOf(dto.directoryUserOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.directoryUsersQuery }) query: dto.DirectoryUsersQuery,
  ) {
    return this.users.list(ctx, query);
  }

  @Route('POST :id/invite', {
    access: Permission.UsersManage,
    proof: { isStepUp: true },
    summary: 'Invite a user of the directory again',
    description:
      'Makes a link good for 72 hours; the one before stops working. It is mailed; where the installation sends no mail, the answer has it, once. You must hold what the user’s groups would give.',
    errors: [
      directoryUserNotFound,
      directoryUserNotWaiting,
      roleBeyondOwn,
      mailAddressInvalid,
      mailLimitReached,
    ],
    answer: dto.invitedOut,
    status: 200,
    example: { response: { link: null } },
  })
  invite(
    @Ctx() ctx: Context,
    @Param({ schema: dto.directoryUserParams }) { id }: dto.DirectoryUserParams,
  ) {
    return this.users.invite(ctx, id);
  }
}
