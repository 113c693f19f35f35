import { Controller, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { cursorInvalid } from '../../platform/http/http.errors.js';
import { Route } from '../../platform/http/route.js';
import { attentionExample, countsExample } from './attention.example.js';
import * as dto from './attention.dto.js';
import { Attention } from './attention.service.js';

@ApiTags('attention')
@Controller('attention')
export class AttentionController {
  constructor(private readonly attention: Attention) {}

  @Route('GET', {
    access: 'authenticated',
    summary: 'List what needs a person',
    description:
      'Over all environments: approvals, gates and steps that have stopped, freezes in the way, holds, what could not be rolled back, what was started without its approvals, nodes that are lost. Each says who can unblock it, how, and whether the caller may. Only what the caller may read; newest first.',
    errors: [cursorInvalid],
    answer: dto.attentionPage,
    example: { response: { items: [attentionExample], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.attentionQuery }) query: dto.AttentionQuery) {
    return this.attention.list(ctx, query);
  }

  @Route('GET counts', {
    access: 'authenticated',
    summary: 'Count what needs a person',
    description: 'By kind, of what the caller may read: for badges.',
    errors: [],
    answer: dto.attentionCounts,
    example: { response: countsExample },
  })
  counts(
    @Ctx() ctx: Context,
    @Query({ schema: dto.attentionCountsQuery }) place: dto.AttentionPlace,
  ) {
    return this.attention.counts(ctx, place);
  }
}
