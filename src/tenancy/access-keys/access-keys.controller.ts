import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { pageOf } from '../../platform/http/page.js';
import { Route } from '../../platform/http/route.js';
import { quotaExceeded } from '../../kernel/quota.errors.js';
import * as dto from './access-keys.dto.js';
import * as errors from './access-keys.errors.js';
import { AccessKeysService } from './access-keys.service.js';

const { exampleAccessKey: example } = dto;
const exampleCreated = { ...example, secret: 'tg_3fR0aB1c…' };

@ApiTags('access-keys')
@Controller('access-keys')
export class AccessKeysController {
  constructor(private readonly keys: AccessKeysService) {}

  @Route('GET', {
    access: 'authenticated',
    summary: 'List access keys',
    description:
      'Newest first, ended ones among them for 90 days: your own, with `access-keys:manage` all of the tenant, with `service-accounts:manage` also those of service accounts. A key sees itself. No answer holds a key.',
    errors: [cursorInvalid],
    answer: pageOf(dto.accessKeyOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.accessKeysQuery }) query: dto.AccessKeysQuery) {
    return this.keys.list(ctx, query);
  }

  @Route('GET :id', {
    access: 'authenticated',
    summary: 'Read an access key',
    description: 'What it may do, until when, and when and from where it was used last.',
    errors: [errors.accessKeyNotFound],
    answer: dto.accessKeyOut,
    example: { response: example },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.accessKeyParams }) { id }: dto.AccessKeyParams) {
    return this.keys.get(ctx, id);
  }

  @Route('POST', {
    access: Permission.AccessKeysCreate,
    proof: { isStepUp: true },
    summary: 'Make an access key',
    description:
      'For a pipeline or a script that acts for you, with less than you may do or as much. `secret` is shown only once. At each use the key has what it names and you hold at that moment: it loses what you lose, within five seconds.',
    errors: [
      errors.accessKeyTooWide,
      errors.accessKeyLimit,
      quotaExceeded,
      errors.accessKeyMakerOutside,
      errors.idempotencyKeyRefused,
    ],
    answer: dto.createdAccessKeyOut,
    example: {
      request: {
        name: 'github deploys',
        permissions: ['deployments:read', 'deployments:create'],
        modules: ['payments'],
        environments: ['QA'],
        metadata: { repository: 'acme/payments' },
        allowedNetworks: ['203.0.113.0/24'],
        expiresInDays: 90,
      },
      response: exampleCreated,
    },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createAccessKeyBody }) body: dto.CreateAccessKeyBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    if (key !== undefined) throw errors.idempotencyKeyRefused();
    return this.keys.create(ctx, body);
  }

  @Route('POST :id/rotate', {
    access: Permission.AccessKeysCreate,
    proof: { isStepUp: true },
    summary: 'Rotate an access key',
    description:
      'Makes a key that may do the same for as long again, and shows it once. The old one stays good for `overlapSeconds`, so that nothing stops while its holders change over. Keys of service accounts are rotated by whoever holds `service-accounts:manage`.',
    errors: [
      errors.accessKeyNotFound,
      errors.accessKeyNotYours,
      errors.accessKeyOver,
      errors.accessKeyRotated,
      errors.accessKeyTooWide,
      errors.accessKeyLimit,
      quotaExceeded,
      errors.idempotencyKeyRefused,
    ],
    answer: dto.createdAccessKeyOut,
    example: { request: { overlapSeconds: 86_400 }, response: exampleCreated },
  })
  rotate(
    @Ctx() ctx: Context,
    @Param({ schema: dto.accessKeyParams }) { id }: dto.AccessKeyParams,
    @Body({ schema: dto.rotateAccessKeyBody }) { overlapSeconds }: dto.RotateAccessKeyBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    if (key !== undefined) throw errors.idempotencyKeyRefused();
    return this.keys.rotate(ctx, id, overlapSeconds);
  }

  @Route('DELETE :id', {
    access: 'authenticated',
    summary: 'Revoke an access key',
    description:
      'Your own, or with `access-keys:manage` any of the tenant; a key may revoke itself, so that whoever finds one can. Refused everywhere and its sockets cut within five seconds. There is no way back; repeating it changes nothing.',
    errors: [errors.accessKeyNotFound],
  })
  revoke(@Ctx() ctx: Context, @Param({ schema: dto.accessKeyParams }) { id }: dto.AccessKeyParams) {
    return this.keys.revoke(ctx, id);
  }
}
