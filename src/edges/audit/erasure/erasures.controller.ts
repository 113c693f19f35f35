import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import type { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import {
  cursorInvalid,
  idempotencyKeyInFlight,
  idempotencyKeyReused,
} from '../../../platform/http/http.errors.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import * as dto from './erasures.dto.js';
import * as errors from './erasures.errors.js';
import { ErasuresService } from './erasures.service.js';

const requested = {
  ...dto.exampleErasure,
  status: 'requested' as const,
  pseudonym: null,
  confirmedBy: null,
  confirmedAt: null,
  endedAt: null,
  entriesChanged: 0,
  valuesErased: 0,
  mentions: 0,
  outOfReach: {},
};

@ApiTags('audit')
@Controller('audit-logs/erasures')
export class ErasuresController {
  constructor(private readonly erasures: ErasuresService) {}

  @Route('GET', {
    access: Permission.AuditRead,
    summary: 'List erasures of persons',
    description: 'Requests, newest first, and what has become of them.',
    errors: [cursorInvalid],
    answer: pageOf(dto.erasureOut),
    example: { response: { items: [dto.exampleErasure], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.erasuresQuery }) query: dto.ErasuresQuery) {
    return this.erasures.list(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.AuditRead,
    summary: 'Read an erasure of a person',
    description: 'How far it has come, and what it could not reach.',
    errors: [errors.erasureNotFound],
    answer: dto.erasureOut,
    example: { response: dto.exampleErasure },
  })
  show(@Ctx() ctx: Context, @Param({ schema: dto.erasureParams }) { id }: dto.ErasureParams) {
    return this.erasures.show(ctx, id);
  }

  @Route('POST', {
    access: Permission.AuditErase,
    proof: { isStepUp: true },
    summary: 'Ask for a person to be erased from the audit log',
    description:
      'Their names, addresses and user agents become a pseudonym once somebody else confirms it; what they did stays, and the log still verifies. They must have left the tenant. Needs a proof, not older than five minutes, that it is you; expires after seven days.',
    errors: [
      errors.erasurePersonUnknown,
      errors.erasurePersonIsMember,
      errors.erasureReasonNamesPerson,
      errors.erasureExists,
      errors.erasureLimit,
      errors.erasureOfOneself,
      errors.erasureNeedsPerson,
      idempotencyKeyInFlight,
      idempotencyKeyReused,
    ],
    answer: dto.erasureOut,
    header: { name: 'Idempotency-Key' },
    example: {
      request: { personId: requested.personId, reason: requested.reason },
      response: requested,
    },
  })
  request(
    @Ctx() ctx: Context,
    @Body({ schema: dto.requestErasureBody }) body: dto.RequestErasureBody,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.erasures.request(ctx, body, key);
  }

  @Route('POST :id/confirm', {
    access: Permission.AuditErase,
    proof: { isStepUp: true },
    summary: 'Confirm an erasure',
    description:
      'By somebody other than whoever asked for it, with a proof, not older than five minutes, that it is you. From then on it is under way, and cannot be undone. Asking again returns the same.',
    errors: [
      errors.erasureNotFound,
      errors.erasureNotOpen,
      errors.erasureNeedsSecondPerson,
      errors.erasureOfOneself,
      errors.erasureNeedsPerson,
      errors.erasurePersonIsMember,
    ],
    answer: dto.erasureOut,
    status: 200,
    example: {
      response: {
        ...requested,
        status: 'confirmed',
        pseudonym: dto.exampleErasure.pseudonym,
        confirmedBy: dto.exampleErasure.confirmedBy,
        confirmedAt: dto.exampleErasure.confirmedAt,
      },
    },
  })
  confirm(@Ctx() ctx: Context, @Param({ schema: dto.erasureParams }) { id }: dto.ErasureParams) {
    return this.erasures.confirm(ctx, id);
  }

  @Route('POST :id/withdraw', {
    access: Permission.AuditErase,
    proof: { isStepUp: true },
    summary: 'Withdraw a request to erase a person',
    description: 'While nobody has confirmed it; by anybody who may ask for one.',
    errors: [errors.erasureNotFound, errors.erasureNotOpen, errors.erasureNeedsPerson],
    answer: dto.erasureOut,
    status: 200,
    example: {
      response: { ...requested, status: 'withdrawn', endedAt: dto.exampleErasure.endedAt },
    },
  })
  withdraw(@Ctx() ctx: Context, @Param({ schema: dto.erasureParams }) { id }: dto.ErasureParams) {
    return this.erasures.withdraw(ctx, id);
  }
}
