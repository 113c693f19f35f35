import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { uuid } from '../../kernel/text.js';
import type { Context } from '../../platform/context.js';
import { Allow } from '../../platform/http/access.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
} from '../../platform/http/http.errors.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, type PageRequest, pageQuery } from '../../platform/http/page.js';
import { publicKeyInvalid, signingKeyNotFound, signingKeyTaken } from '../releases.errors.js';
import {
  exampleSigningKey,
  newSigningKey,
  type NewSigningKey,
  signingKey,
  type SigningKey,
  signingKeyPage,
} from './signing-keys.dto.js';
import { SigningKeysService } from './signing-keys.service.js';

@ApiTags('releases')
@Controller('signing-keys')
export class SigningKeysController {
  constructor(private readonly signingKeys: SigningKeysService) {}

  @Get()
  @Allow(Permission.ReleasesRead)
  @Operation({
    summary: 'List signing keys',
    description: 'Newest first, the revoked ones among them: releases go on naming them.',
    errors: [cursorInvalid],
    example: { response: { items: [exampleSigningKey], nextCursor: null } },
  })
  @ApiOkResponse({ standardSchema: signingKeyPage })
  list(
    @Ctx() ctx: Context,
    @Query({ schema: pageQuery }) query: PageRequest,
  ): Promise<Page<SigningKey>> {
    return this.signingKeys.list(ctx, query);
  }

  @Post()
  @Allow(Permission.SigningKeysManage)
  @Operation({
    summary: 'Register a signing key',
    description:
      'Whoever holds the private half can sign releases for this tenant from now on. Only the public half belongs here.',
    errors: [signingKeyTaken, publicKeyInvalid, idempotencyKeyReused, idempotencyKeyInFlight],
    example: {
      request: { name: 'build-server', publicKey: exampleSigningKey.publicKey },
      response: exampleSigningKey,
    },
  })
  @ApiCreatedResponse({ standardSchema: signingKey })
  async register(
    @Ctx() ctx: Context,
    @Body({ schema: newSigningKey }) body: NewSigningKey,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<SigningKey> {
    return (await this.signingKeys.register(ctx, body, key)).body;
  }

  @Delete(':id')
  @HttpCode(204)
  @Allow(Permission.SigningKeysManage)
  @Operation({
    summary: 'Revoke a signing key',
    description:
      'From now on no release that this key signed can be deployed, whenever it was signed. What runs goes on running. There is no way back; repeating it changes nothing.',
    errors: [signingKeyNotFound],
  })
  @ApiNoContentResponse()
  revoke(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string): Promise<void> {
    return this.signingKeys.revoke(ctx, id);
  }
}
