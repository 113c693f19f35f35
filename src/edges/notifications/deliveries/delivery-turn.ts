import { Inject, Injectable } from '@nestjs/common';
import type { Receipt } from '../../../drivers/channels/channel-kind.js';
import type { Message } from '../../../drivers/channels/message.js';
import type { Clock } from '../../../kernel/clock.js';
import { failpoint } from '../../../kernel/failpoint.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Settings } from '../../../platform/settings/settings.js';
import { TenantDirectory } from '../../../tenancy/tenants/tenant-directory.js';
import type { ChannelEntity } from '../channels/channel.entity.js';
import { ChannelPost } from '../channels/channel-post.js';
import { channelTurnedOff } from '../channels/channels.events.js';
import { factsOf } from '../channels/channels.service.js';
import { channelRow, turnOffGone } from '../channels/channels.store.js';
import { backoffMs } from './backoff.js';
import { DeliveryMetrics } from './delivery.metrics.js';
import { deliveryHours } from './delivery.settings.js';
import * as store from './delivery-turns.store.js';
import type { LaneClaim } from './lane-claims.store.js';

/** Where nothing goes out now: looked at again by itself this late, at once when it is enabled. */
const PARKED_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;

interface Turn {
  readonly channel: ChannelEntity;
  readonly delivery: store.NextDelivery;
}

/** One message of a lane that this process has leased: read, sent outside any transaction, settled. */
@Injectable()
export class DeliveryTurn {
  constructor(
    private readonly database: Database,
    private readonly post: ChannelPost,
    private readonly tenants: TenantDirectory,
    private readonly settings: Settings,
    private readonly metrics: DeliveryMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Rejects when the database does not answer: the lease runs out, and the message is sent again. */
  async take(claim: LaneClaim, signal: AbortSignal): Promise<void> {
    const tenant = await this.tenants.find(claim.tenantId);
    const isOpen = tenant?.status === 'active';
    const turn = await this.inLane(claim, (open) => this.read(open, claim, isOpen));
    if (!turn) return;
    const { channel, delivery } = turn;
    const at = new Date(this.clock.now());
    const { id, recipient, attempts } = delivery;
    const message = JSON.parse(delivery.messageText) as Message;
    await failpoint('delivery.send:before', channel.kind);
    const began = performance.now();
    const parcel = { id, recipient, at, attempt: attempts + 1, signal };
    const receipt = await this.post.send(channel, message, parcel);
    await failpoint('delivery.send:after', channel.kind);
    const durationMs = Math.round(performance.now() - began);
    // Broken off by us, not by the receiver: it is no attempt in vain.
    const isCut = signal.aborted && receipt.outcome === 'later';
    if (isCut) return this.giveBack(claim);
    const isSettled = await this.inLane(claim, (open) =>
      this.settle(open, claim, { ...turn, receipt, at, durationMs }),
    );
    if (isSettled && receipt.outcome === 'taken') {
      this.metrics.delivered(channel.kind, delivery.waitedMs + durationMs);
    }
  }

  private async giveBack(claim: LaneClaim): Promise<void> {
    await this.inLane(claim, (open) => this.leave(open, claim, claim.failures, 0));
  }

  /** In the lane's tenant, and only while the lease is ours. */
  private inLane<T>(
    claim: LaneClaim,
    work: (open: OpenContext) => Promise<T>,
  ): Promise<T | undefined> {
    const ctx = Context.system(claim.tenantId, 'notifications');
    return this.database.transaction(ctx, async (open) => {
      if (await store.holdLane(open, claim)) return work(open);
      return undefined;
    });
  }

  /** What is to be sent now. Undefined: nothing is, and the lane has been left. */
  private async read(
    open: OpenContext,
    claim: LaneClaim,
    isOpen: boolean,
  ): Promise<Turn | undefined> {
    const { tenantId, failures } = claim;
    const channel = await channelRow(open, claim.channelId);
    const hours = channel ? this.settings.valueOf(deliveryHours, { tenantId }) : 0;
    const reason = channel ? 'too-late' : 'channel-deleted';
    const delivery = await store.nextDelivery(open, claim);
    if (!channel || (delivery && delivery.waitedMs >= hours * HOUR_MS)) {
      const buried = await store.buryWaiting(open, claim, { hours, reason });
      this.metrics.ended(channel?.kind ?? 'none', 'dead', buried);
      await this.leave(open, claim, failures, 0);
    } else if (!delivery) {
      await this.leave(open, claim, 0, 0);
    } else if (!channel.isEnabled || !isOpen) {
      await this.leave(open, claim, failures, PARKED_MS);
    } else {
      return { channel, delivery };
    }
    return undefined;
  }

  private async settle(
    open: OpenContext,
    claim: LaneClaim,
    sent: Turn & { readonly receipt: Receipt; readonly at: Date; readonly durationMs: number },
  ): Promise<true> {
    const { channel, delivery, receipt, at, durationMs } = sent;
    const { outcome, status, reason, answer } = receipt;
    const number = delivery.attempts + 1;
    const facts = { deliveryId: delivery.id, number, at, durationMs };
    await store.keepAttempt(open, { ...facts, outcome, status, reason, answer });
    const state = STATES[outcome];
    await store.settleDelivery(open, { id: delivery.id, attempts: number, state, reason });
    this.metrics.ended(channel.kind, state === 'waiting' ? 'postponed' : state);
    if (outcome === 'gone') await this.turnOff(open, channel);
    const failures = outcome === 'later' ? claim.failures + 1 : 0;
    const delayMs = outcome === 'later' ? backoffMs(failures, receipt.retryAfterMs) : 0;
    await this.leave(open, claim, failures, delayMs);
    return true;
  }

  /** The receiver has said that it wants no more; whoever manages the channel hears of it. */
  private async turnOff(open: OpenContext, { id }: ChannelEntity): Promise<void> {
    const row = await turnOffGone(open, id);
    if (row) await open.record(channelTurnedOff(id, { ...factsOf(row), why: 'gone' }));
  }

  private leave(
    open: OpenContext,
    claim: LaneClaim,
    failures: number,
    delayMs: number,
  ): Promise<void> {
    return store.leaveLane(open, claim, { failures, delayMs });
  }
}

const STATES = { taken: 'delivered', later: 'waiting', refused: 'dead', gone: 'dead' } as const;
