import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
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
import * as errors from './audit-stream.errors.js';
import * as dto from './audit-streams.dto.js';
import { AuditStreamsService } from './audit-streams.service.js';

const access = Permission.AuditStream;
/** It takes the log out of the house, or keeps it in. */
const proof = { isStepUp: true } as const;
const { exampleStream: example, exampleSecret: signingSecret } = dto;
const { name, url, format, categories } = example;
const tagged = ({ version }: dto.AuditStreamView) => ({ etag: etagOf(version) });

@ApiTags('audit')
@Controller('audit-logs/streams')
export class AuditStreamsController {
  constructor(private readonly streams: AuditStreamsService) {}

  @Route('GET', {
    access,
    summary: 'List audit streams',
    description: 'Newest first, with how far each has come. No answer holds what is secret of one.',
    errors: [cursorInvalid],
    answer: pageOf(dto.auditStreamOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.streamsQuery }) query: dto.StreamsQuery) {
    return this.streams.list(ctx, query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read an audit stream',
    description: 'The ETag is the version for If-Match; deliveries do not change it.',
    errors: [errors.auditStreamNotFound],
    answer: dto.auditStreamOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.streamParams }) { id }: dto.StreamParams) {
    return this.streams.get(ctx, id);
  }

  @Route('POST', {
    access,
    proof,
    summary: 'Create an audit stream',
    description:
      'Sealed entries go to the address in the order of their sequence, at least once, for as long as it takes. `signingSecret` is shown only once.',
    errors: [
      errors.auditStreamExists,
      errors.auditStreamLimit,
      outboundUrlInvalid,
      idempotencyKeyRefused,
    ],
    answer: dto.createdAuditStreamOut,
    answerHeaders: tagged,
    example: {
      request: { name, url, format, categories, start: 'now' },
      response: { ...example, signingSecret },
    },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.createStreamBody }) body: dto.CreateStreamBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    // The stored answer would hold the secret.
    if (key !== undefined) throw idempotencyKeyRefused();
    return this.streams.create(ctx, body);
  }

  @Route('PUT :id', {
    access,
    proof,
    summary: 'Change an audit stream',
    description:
      'Needs If-Match with the version that was read. Its format stays; what it signs with, too. It is tried at once, from where it was.',
    errors: [
      errors.auditStreamNotFound,
      errors.auditStreamExists,
      outboundUrlInvalid,
      ifMatchRequired,
      versionMismatch,
    ],
    answer: dto.auditStreamOut,
    answerHeaders: tagged,
    example: { request: { name, url, categories }, response: { ...example, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.streamParams }) { id }: dto.StreamParams,
    @Body({ schema: dto.replaceStreamBody }) body: dto.ReplaceStreamBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.streams.replace(ctx, id, { version: ifMatchVersion(ifMatch), body });
  }

  @Route('POST :id/pause', {
    access,
    proof,
    summary: 'Pause an audit stream',
    description: 'Nothing goes out until it is resumed. Nothing is lost.',
    errors: [errors.auditStreamNotFound],
    answer: dto.auditStreamOut,
    answerHeaders: tagged,
    status: 200,
    example: { response: { ...example, isPaused: true, nextTryAt: null, version: 2 } },
  })
  pause(@Ctx() ctx: Context, @Param({ schema: dto.streamParams }) { id }: dto.StreamParams) {
    return this.streams.pause(ctx, id);
  }

  @Route('POST :id/resume', {
    access,
    proof,
    summary: 'Resume an audit stream',
    description: 'It goes on where it was.',
    errors: [errors.auditStreamNotFound],
    answer: dto.auditStreamOut,
    answerHeaders: tagged,
    status: 200,
    example: { response: { ...example, version: 3 } },
  })
  resume(@Ctx() ctx: Context, @Param({ schema: dto.streamParams }) { id }: dto.StreamParams) {
    return this.streams.resume(ctx, id);
  }

  @Route('POST :id/rotate-secret', {
    access,
    proof,
    summary: 'Replace the secret that an audit stream signs with',
    description:
      'The new one is shown only once. Until the overlap is over deliveries carry a signature of each, so that receivers can change in their own time.',
    errors: [errors.auditStreamNotFound, versionMismatch, idempotencyKeyRefused],
    answer: dto.createdAuditStreamOut,
    answerHeaders: tagged,
    status: 200,
    example: {
      request: { overlapMinutes: 1_440 },
      response: { ...example, previousSecretUntil: '2026-12-01T10:15:00.000Z', signingSecret },
    },
  })
  rotateSecret(
    @Ctx() ctx: Context,
    @Param({ schema: dto.streamParams }) { id }: dto.StreamParams,
    @Body({ schema: dto.rotateStreamBody }) body: dto.RotateStreamBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    if (key !== undefined) throw idempotencyKeyRefused();
    return this.streams.rotateSecret(ctx, id, body);
  }

  @Route('DELETE :id', {
    access,
    proof,
    summary: 'Delete an audit stream',
    description: 'What it had yet to send is not sent; its entry says how much that is.',
    errors: [errors.auditStreamNotFound],
  })
  remove(@Ctx() ctx: Context, @Param({ schema: dto.streamParams }) { id }: dto.StreamParams) {
    return this.streams.remove(ctx, id);
  }
}
