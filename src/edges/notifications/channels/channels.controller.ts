import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { mailOff } from '../../../drivers/channels/mail.errors.js';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import {
  cursorInvalid,
  ifMatchRequired,
  versionMismatch,
} from '../../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../../platform/http/if-match.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import { outboundUrlInvalid } from '../../../platform/outbound/outbound.errors.js';
import { idempotencyKeyRefused } from '../../../tenancy/access-keys/access-keys.errors.js';
import * as errors from './channel.errors.js';
import { ChannelTests } from './channel-tests.js';
import * as dto from './channels.dto.js';
import { ChannelsService } from './channels.service.js';

const access = Permission.ChannelsManage;
const { exampleChannel: example, exampleSecret: signingSecret } = dto;
const { name, kind, params } = example;
const tagged = ({ version }: dto.ChannelView) => ({ etag: etagOf(version) });

@ApiTags('channels')
@Controller('channels')
export class ChannelsController {
  constructor(
    private readonly channels: ChannelsService,
    private readonly tests: ChannelTests,
  ) {}

  @Route('GET', {
    access,
    summary: 'List channels',
    description:
      'Newest first, the disabled ones among them. No answer holds what is secret of one.',
    errors: [cursorInvalid],
    answer: pageOf(dto.channelOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.channelsQuery }) query: dto.ChannelsQuery) {
    return this.channels.list(ctx, query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read a channel',
    description: 'The ETag is the version for If-Match.',
    errors: [errors.channelNotFound],
    answer: dto.channelOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.channelParams }) { id }: dto.ChannelParams) {
    return this.channels.get(ctx, id);
  }

  @Route('POST', {
    access,
    summary: 'Create a channel',
    description:
      'Where people, or programs, are told. `signingSecret` is shown only once, for kinds that sign. Secrets are sealed and never answered.',
    errors: [
      errors.channelExists,
      errors.channelLimit,
      mailOff,
      outboundUrlInvalid,
      idempotencyKeyRefused,
    ],
    answer: dto.createdChannelOut,
    answerHeaders: tagged,
    example: { request: { name, kind, params }, response: { ...example, signingSecret } },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createChannelBody }) body: dto.ChannelBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    // The stored answer would hold the secret.
    if (key !== undefined) throw idempotencyKeyRefused();
    return this.channels.create(ctx, body);
  }

  @Route('PUT :id', {
    access,
    summary: 'Change a channel',
    description:
      'Needs If-Match with the version that was read. Secrets that are left out stay, unless the channel leads to another place; what it signs with stays in any case. What waits is tried again at once.',
    errors: [
      errors.channelNotFound,
      errors.channelKindFixed,
      errors.channelExists,
      mailOff,
      outboundUrlInvalid,
      ifMatchRequired,
      versionMismatch,
    ],
    answer: dto.channelOut,
    answerHeaders: tagged,
    example: { request: { name, kind, params }, response: { ...example, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.channelParams }) { id }: dto.ChannelParams,
    @Body({ schema: dto.replaceChannelBody }) body: dto.ChannelBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.channels.replace(ctx, id, { version: ifMatchVersion(ifMatch), body });
  }

  @Route('POST :id/disable', {
    access,
    summary: 'Disable a channel',
    description: 'Nothing goes out. What waits is kept for as long as it would be tried.',
    errors: [errors.channelNotFound],
    answer: dto.channelOut,
    answerHeaders: tagged,
    status: 200,
    example: { response: { ...example, isEnabled: false, disabledWhy: 'by-hand', version: 2 } },
  })
  disable(@Ctx() ctx: Context, @Param({ schema: dto.channelParams }) { id }: dto.ChannelParams) {
    return this.channels.disable(ctx, id);
  }

  @Route('POST :id/enable', {
    access,
    summary: 'Enable a channel',
    description: 'What waits is sent at once.',
    errors: [errors.channelNotFound],
    answer: dto.channelOut,
    answerHeaders: tagged,
    status: 200,
    example: { response: { ...example, version: 3 } },
  })
  enable(@Ctx() ctx: Context, @Param({ schema: dto.channelParams }) { id }: dto.ChannelParams) {
    return this.channels.enable(ctx, id);
  }

  @Route('POST :id/test', {
    access,
    summary: 'Test a channel',
    description:
      'Sends a message now, also to a channel that is disabled, and answers what the receiver said. It is not kept as a delivery and not tried again.',
    errors: [errors.channelNotFound],
    answer: dto.channelTestOut,
    status: 200,
    example: {
      response: { outcome: 'taken', status: 204, reason: null, answer: '', durationMs: 84 },
    },
  })
  test(@Ctx() ctx: Context, @Param({ schema: dto.channelParams }) { id }: dto.ChannelParams) {
    return this.tests.run(ctx, id);
  }

  @Route('POST :id/rotate-secret', {
    access,
    summary: 'Replace the secret that a channel signs with',
    description:
      'The new one is shown only once. Until the overlap is over messages carry a signature of each, so that receivers can change in their own time.',
    errors: [
      errors.channelNotFound,
      errors.channelNotSigned,
      versionMismatch,
      idempotencyKeyRefused,
    ],
    answer: dto.createdChannelOut,
    answerHeaders: tagged,
    status: 200,
    example: {
      request: { overlapMinutes: 1_440 },
      response: { ...example, previousSecretUntil: '2026-05-05T09:12:33.000Z', signingSecret },
    },
  })
  rotateSecret(
    @Ctx() ctx: Context,
    @Param({ schema: dto.channelParams }) { id }: dto.ChannelParams,
    @Body({ schema: dto.rotateSecretBody }) body: dto.RotateSecretBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    if (key !== undefined) throw idempotencyKeyRefused();
    return this.channels.rotateSecret(ctx, id, body);
  }

  @Route('DELETE :id', {
    access,
    summary: 'Delete a channel',
    description: 'What waits there is dropped. Its deliveries stay to be read for their time.',
    errors: [errors.channelNotFound],
  })
  remove(@Ctx() ctx: Context, @Param({ schema: dto.channelParams }) { id }: dto.ChannelParams) {
    return this.channels.remove(ctx, id);
  }
}
