import { Body, Controller, Headers, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { environmentNotFound } from '../../fleet/fleet.errors.js';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  idempotencyKeyInFlight,
  idempotencyKeyReused,
  ifMatchRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { Route } from '../../platform/http/route.js';
import { moduleNotFound } from '../../releases/releases.errors.js';
import { FreezeReads } from './freeze-reads.service.js';
import * as dto from './freezes.dto.js';
import * as errors from './freezes.errors.js';
import * as examples from './freezes.examples.js';
import { FreezesService } from './freezes.service.js';

const tagged = ({ version }: dto.FreezeView) => ({ etag: etagOf(version) });
const unsuitable = [
  errors.freezeTimesUnsuitable,
  errors.freezeExists,
  environmentNotFound,
  moduleNotFound,
];

@ApiTags('freezes')
@Controller('freezes')
export class FreezesController {
  constructor(
    private readonly freezes: FreezesService,
    private readonly reads: FreezeReads,
  ) {}

  @Route('GET', {
    access: Permission.DeploymentsRead,
    summary: 'List freezes',
    description:
      'All of them, oldest first: there are few. With `at` those only that are on at that moment; with `environment` and `module` those that count there.',
    errors: [],
    answer: dto.freezesOut,
    example: { response: { items: [examples.freezeExample] } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.freezesQuery }) query: dto.FreezesQuery) {
    return this.reads.list(ctx, query);
  }

  @Route('GET calendar', {
    access: Permission.DeploymentsRead,
    summary: 'Show when it is frozen',
    description: 'Each window of each freeze that has a moment in the span, by its beginning.',
    errors: [errors.calendarTooLong],
    answer: dto.calendarOut,
    example: { response: examples.calendarExample },
  })
  calendar(@Ctx() ctx: Context, @Query({ schema: dto.calendarQuery }) query: dto.CalendarQuery) {
    return this.reads.calendar(ctx, query);
  }

  @Route('GET :id', {
    access: Permission.DeploymentsRead,
    summary: 'Read a freeze',
    description: 'The ETag is the version for If-Match.',
    errors: [errors.freezeNotFound],
    answer: dto.freezeOut,
    answerHeaders: tagged,
    example: { response: examples.freezeExample },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.freezeParams }) { id }: dto.FreezeParams) {
    return this.reads.get(ctx, id);
  }

  @Route('POST', {
    access: Permission.FreezesManage,
    summary: 'Create a freeze',
    description:
      'From the answer on it counts for everything that has not started. What is under way goes on. Whoever manages some environments only names those.',
    errors: [errors.freezeLimit, ...unsuitable, idempotencyKeyInFlight, idempotencyKeyReused],
    answer: dto.freezeOut,
    answerHeaders: tagged,
    header: { name: 'Idempotency-Key' },
    example: { request: examples.rulesExample, response: examples.freezeExample },
  })
  create(
    @Ctx() ctx: Context,
    @Body({ schema: dto.freezeRules }) rules: dto.FreezeRules,
    @Headers('idempotency-key') key: string | undefined,
  ) {
    return this.freezes.create(ctx, rules, key);
  }

  @Route('PUT :id', {
    access: Permission.FreezesManage,
    proof: { isStepUp: true },
    summary: 'Change a freeze',
    description:
      'Needs If-Match, and a proof, not older than five minutes, that it is you: what protects is taken away by people. What waits for it looks again.',
    errors: [errors.freezeNotFound, ...unsuitable, ifMatchRequired, versionMismatch],
    answer: dto.freezeOut,
    answerHeaders: tagged,
    example: {
      request: examples.rulesExample,
      response: { ...examples.freezeExample, version: 2 },
    },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.freezeParams }) { id }: dto.FreezeParams,
    @Body({ schema: dto.freezeRules }) rules: dto.FreezeRules,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.freezes.replace(ctx, id, { version: ifMatchVersion(ifMatch), rules });
  }

  @Route('DELETE :id', {
    access: Permission.FreezesManage,
    proof: { isStepUp: true },
    summary: 'End a freeze',
    description:
      'At once, with all its windows to come. Needs a proof, not older than five minutes, that it is you. What waits for it looks again.',
    errors: [errors.freezeNotFound],
  })
  remove(@Ctx() ctx: Context, @Param({ schema: dto.freezeParams }) { id }: dto.FreezeParams) {
    return this.freezes.remove(ctx, id);
  }
}
