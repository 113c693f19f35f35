import { Body, Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid, peopleOnly } from '../../platform/http/http.errors.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './holds.dto.js';
import { holdNotFound } from './holds.errors.js';
import { Holds } from './holds.service.js';

@ApiTags('freezes')
@Controller('holds')
export class HoldsController {
  constructor(private readonly holds: Holds) {}

  @Route('GET', {
    access: Permission.DeploymentsRead,
    summary: 'List holds',
    description:
      'What people have rolled back, and where machines deploy nothing until it is released. Newest first.',
    errors: [cursorInvalid],
    answer: dto.holdPage,
    example: { response: { items: [dto.holdExample], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.holdsQuery }) query: dto.HoldsQuery) {
    return this.holds.list(ctx, query);
  }

  @Route('DELETE :id', {
    access: Permission.HoldsRelease,
    summary: 'Release a hold',
    description:
      'Access keys and pipelines may deploy there again, and what waits for it goes on. For people, with a reason.',
    errors: [holdNotFound, peopleOnly],
    example: { request: { reason: 'Mended in 2.1.1.' } },
  })
  release(
    @Ctx() ctx: Context,
    @Param({ schema: dto.holdParams }) { id }: dto.HoldParams,
    @Body({ schema: dto.releaseHold }) { reason }: dto.ReleaseHold,
  ) {
    return this.holds.release(ctx, id, reason);
  }
}
