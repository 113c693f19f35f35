import { Controller, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../../kernel/permission.js';
import { Context } from '../../../platform/context.js';
import { Ctx } from '../../../platform/http/ctx.js';
import { cursorInvalid } from '../../../platform/http/http.errors.js';
import { pageOf } from '../../../platform/http/page.js';
import { Route } from '../../../platform/http/route.js';
import { channelDisabled, channelNotFound } from '../channels/channel.errors.js';
import * as dto from './deliveries.dto.js';
import { DeliveryReads } from './delivery-reads.service.js';
import { deliveryNotFound, deliveryUnderWay } from './delivery.errors.js';

// What people are told may be of any module: whoever reads it manages where it goes.
const access = Permission.ChannelsManage;
const { exampleDelivery: example, exampleDetail } = dto;

@ApiTags('deliveries')
@Controller('deliveries')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveryReads) {}

  @Route('GET', {
    access,
    summary: 'List deliveries',
    description: 'Newest first: what waits, what was delivered, and dead letters.',
    errors: [cursorInvalid],
    answer: pageOf(dto.deliveryOut),
    example: { response: { items: [example], nextCursor: null } },
  })
  list(@Ctx() ctx: Context, @Query({ schema: dto.deliveriesQuery }) query: dto.DeliveriesQuery) {
    return this.deliveries.list(ctx, query);
  }

  @Route('GET :id', {
    access,
    summary: 'Read a delivery',
    description: 'With its message and what the receiver said to each attempt.',
    errors: [deliveryNotFound],
    answer: dto.deliveryDetailOut,
    example: { response: exampleDetail },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.deliveryParams }) { id }: dto.DeliveryParams) {
    return this.deliveries.get(ctx, id);
  }

  @Route('POST :id/redeliver', {
    access,
    summary: 'Send a delivery again',
    description:
      'A dead letter, or one that was delivered. It keeps its id, by which receivers know what they have had, and goes to the end of its lane.',
    errors: [deliveryNotFound, deliveryUnderWay, channelNotFound, channelDisabled],
    answer: dto.deliveryOut,
    status: 202,
    example: {
      response: { ...example, state: 'waiting', reason: null, redeliveries: 1, doneAt: null },
    },
  })
  redeliver(
    @Ctx() ctx: Context,
    @Param({ schema: dto.deliveryParams }) { id }: dto.DeliveryParams,
  ) {
    return this.deliveries.redeliver(ctx, id);
  }
}
