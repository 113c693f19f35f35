import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { cursorInvalid } from '../../../platform/http/http.errors.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import { idempotencyKeyRefused } from '../../access-keys/access-keys.errors.js';
import { roleBeyondOwn } from '../../permissions/giving.errors.js';
import * as dto from './directory-tokens.dto.js';
import {
  directoryTokenExists,
  directoryTokenNotFound,
  directoryTokenOver,
} from './directory-tokens.errors.js';
import { DirectoryTokensService } from './directory-tokens.service.js';

const { exampleToken: example } = dto;
const exampleCreated = {
  ...example,
  url: 'https://tidegate.example.com/scim/v2',
  secret: 'tgd_3fR0aB1c…',
};

@ApiTags('directory')
@Controller('directory-tokens')
export class DirectoryTokensController {
  constructor(private readonly tokens: DirectoryTokensService) {}

  @Route('GET', {
    access: Permission.IdentityProvidersManage,
    summary: 'List directory tokens',
    description: 'Newest first, ended ones among them for 90 days. No answer holds a token.',
    errors: [cursorInvalid],
    answer: pageOf(dto.directoryTokenOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: dto.directoryTokensQuery }) query: dto.DirectoryTokensQuery,
  ) {
    return this.tokens.list(ctx, query);
  }

  @Route('POST', {
    access: Permission.IdentityProvidersManage,
    proof: { isStepUp: true },
    summary: 'Connect a directory',
    description:
      'Makes the token by which Entra ID, Okta or another directory keeps people and groups of this tenant over SCIM 2.0. One directory at a time. `secret` is shown only once; it is good for `/scim/v2` of this tenant and for nothing else. Only somebody who holds all that an Admin holds can make it, since a directory fills the groups that roles are bound to.',
    errors: [roleBeyondOwn, directoryTokenExists, idempotencyKeyRefused],
    answer: dto.createdDirectoryTokenOut,
    example: {
      request: { name: 'Entra ID', emailDomains: ['example.org'] },
      response: exampleCreated,
    },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createDirectoryTokenBody }) body: dto.CreateDirectoryTokenBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    if (key !== undefined) throw idempotencyKeyRefused();
    return this.tokens.create(ctx, body);
  }

  @Route('POST :id/rotate', {
    access: Permission.IdentityProvidersManage,
    proof: { isStepUp: true },
    summary: 'Rotate a directory token',
    description:
      'Makes a token for as long again, with the same networks and domains, and shows it once. The old one stays good for `overlapSeconds`.',
    errors: [roleBeyondOwn, directoryTokenNotFound, directoryTokenOver, idempotencyKeyRefused],
    answer: dto.createdDirectoryTokenOut,
    example: { request: { overlapSeconds: 86_400 }, response: exampleCreated },
  })
  rotate(
    @Ctx() ctx: Context,
    @Param({ schema: dto.directoryTokenParams }) { id }: dto.DirectoryTokenParams,
    @Body({ schema: dto.rotateDirectoryTokenBody }) body: dto.RotateDirectoryTokenBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    if (key !== undefined) throw idempotencyKeyRefused();
    return this.tokens.rotate(ctx, id, body.overlapSeconds);
  }

  @Route('DELETE :id', {
    access: Permission.IdentityProvidersManage,
    summary: 'Revoke a directory token',
    description:
      'Refused everywhere within five seconds. People and groups stay as the directory has left them. Repeating it changes nothing.',
    errors: [directoryTokenNotFound],
  })
  revoke(
    @Ctx() ctx: Context,
    @Param({ schema: dto.directoryTokenParams }) { id }: dto.DirectoryTokenParams,
  ) {
    return this.tokens.revoke(ctx, id);
  }
}
