import { Body, Controller, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { type PageRequest, pageQuery } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './token-keys.dto.js';
import { tokenKeyRotationUnderWay, tokenKeysTooMany } from './token-keys.errors.js';
import { TokenKeysService } from './token-keys.service.js';

@ApiTags('platform')
@Controller('platform/token-signing-keys')
export class TokenKeysController {
  constructor(private readonly tokenKeys: TokenKeysService) {}

  @Route('GET', {
    access: Permission.TenantsManage,
    summary: 'List the keys of access tokens',
    description: 'Newest first, a year back. Private halves never leave the installation.',
    errors: [cursorInvalid],
    answer: dto.tokenSigningKeyPage,
    example: { response: { items: [dto.exampleTokenSigningKey], nextCursor: null } },
  })
  list(@Query({ schema: pageQuery }) query: PageRequest) {
    return this.tokenKeys.list(query);
  }

  @Route('POST rotate', {
    access: Permission.TenantsManage,
    proof: { isStepUp: true },
    summary: 'Make the next key of access tokens',
    description:
      'It is published at once and signs two minutes later, when everybody knows it. Tokens of the one before are good until they are over. Nobody has to sign in again, unless `revokeOld` says so.',
    errors: [tokenKeyRotationUnderWay, tokenKeysTooMany],
    answer: dto.tokenSigningKey,
    example: { request: {}, response: dto.exampleTokenSigningKey },
  })
  rotate(
    @Ctx() ctx: Context,
    @Body({ schema: dto.rotateTokenKeyBody }) { revokeOld }: dto.RotateTokenKeyBody,
  ) {
    return this.tokenKeys.rotate(ctx, revokeOld);
  }
}
