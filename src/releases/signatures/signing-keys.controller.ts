import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { uuid } from '../../kernel/text.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
} from '../../platform/http/http.errors.js';
import { type PageRequest, pageQuery } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { publicKeyInvalid, signingKeyNotFound, signingKeyTaken } from '../releases.errors.js';
import * as dto from './signing-keys.dto.js';
import { SigningKeysService } from './signing-keys.service.js';

@ApiTags('releases')
@Controller('signing-keys')
export class SigningKeysController {
  constructor(private readonly signingKeys: SigningKeysService) {}

  @Route('GET', {
    access: Permission.ReleasesRead,
    summary: 'List signing keys',
    description: 'Newest first, the revoked ones among them: releases go on naming them.',
    errors: [cursorInvalid],
    answer: dto.signingKeyPage,
    example: { response: { items: [dto.exampleSigningKey], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: pageQuery }) query: PageRequest) {
    return this.signingKeys.list(ctx, query);
  }

  @Route('POST', {
    access: Permission.SigningKeysManage,
    summary: 'Register a signing key',
    description:
      'Whoever holds the private half can sign releases for this tenant from now on. Only the public half belongs here.',
    errors: [signingKeyTaken, publicKeyInvalid, idempotencyKeyReused, idempotencyKeyInFlight],
    answer: dto.signingKey,
    example: {
      request: { name: 'build-server', publicKey: dto.exampleSigningKey.publicKey },
      response: dto.exampleSigningKey,
    },
  })
  async register(
    @Ctx() ctx: Context,
    @Body({ schema: dto.newSigningKey }) body: dto.NewSigningKey,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return (await this.signingKeys.register(ctx, body, key)).body;
  }

  @Route('DELETE :id', {
    access: Permission.SigningKeysManage,
    proof: { isStepUp: true },
    summary: 'Revoke a signing key',
    description:
      'From now on no release that this key signed can be deployed, whenever it was signed. What runs goes on running. There is no way back; repeating it changes nothing.',
    errors: [signingKeyNotFound],
  })
  revoke(@Ctx() ctx: Context, @Param('id', { schema: uuid }) id: string) {
    return this.signingKeys.revoke(ctx, id);
  }
}
