import { Inject, Injectable } from '@nestjs/common';
import type { Message } from '../../../drivers/channels/message.js';
import type { Clock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { tenantSlugOf } from '../../../tenancy/tenants/tenants.queries.js';
import { ChannelPost } from './channel-post.js';
import type { ChannelEntity } from './channel.entity.js';
import type { ChannelTest } from './channels.dto.js';
import { channelTested } from './channels.events.js';
import { factsOf, findChannel } from './channels.service.js';

/** Longer than the way out takes at most. */
const TEST_MS = 10_000;

/** Sends a message at once, for whoever wants to see whether a channel works. */
@Injectable()
export class ChannelTests {
  constructor(
    private readonly database: Database,
    private readonly post: ChannelPost,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Also to a channel that is disabled: that is when one wants to know. Throws `channel-not-found`. */
  async run(ctx: Context, id: string): Promise<ChannelTest> {
    const { row, tenant } = await this.database.transaction(ctx, async (open) => ({
      row: await findChannel(open, id),
      tenant: await tenantSlugOf(open),
    }));
    const at = new Date(this.clock.now());
    const message = testMessage(row, { tenant, at, by: ctx.actor.name });
    const parcel = { id: message.event.id, attempt: 1, at, recipient: null };
    const began = performance.now();
    const receipt = await this.post.send(row, message, {
      ...parcel,
      signal: AbortSignal.timeout(TEST_MS),
    });
    const { outcome, status, reason, answer } = receipt;
    await this.database.transaction(ctx, async (open) => {
      const result = outcome === 'taken' ? 'allowed' : 'failed';
      await open.record(channelTested(id, { ...factsOf(row), outcome }, result));
    });
    const durationMs = Math.round(performance.now() - began);
    return { outcome, status, reason, answer, durationMs };
  }
}

interface Asked {
  readonly tenant: string;
  readonly at: Date;
  readonly by: string;
}

function testMessage({ id, name }: ChannelEntity, { tenant, at, by }: Asked): Message {
  return {
    title: `Test of the channel ${name}`,
    text: `If you can read this, the channel "${name}" works. It was asked for by ${by}.`,
    html: null,
    link: null,
    fields: [{ name: 'Tenant', value: tenant }],
    event: {
      name: 'channel-tested',
      id: newId(),
      at: at.toISOString(),
      tenant,
      subject: { kind: 'channel', id },
      body: { name },
    },
  };
}
