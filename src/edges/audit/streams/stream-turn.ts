import { Inject, Injectable } from '@nestjs/common';
import type { Receipt } from '../../../drivers/channels/channel-kind.js';
import { auditLimits } from '../../../kernel/audit-limits.js';
import type { Clock } from '../../../kernel/clock.js';
import { failpoint } from '../../../kernel/failpoint.js';
import { CLOCK } from '../../../platform/clock.js';
import { Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Settings } from '../../../platform/settings/settings.js';
import { ownVersion } from '../../../platform/version.js';
import { TenantDirectory } from '../../../tenancy/tenants/tenant-directory.js';
import { LogReader } from '../log/log-reader.js';
import type { AuditStreamEntity } from './audit-stream.entity.js';
import { auditStreamBehind } from './audit-streams.events.js';
import { streamRow } from './audit-streams.store.js';
import { type Batch, batchOf } from './stream-batch.js';
import type { StreamClaim } from './stream-claims.store.js';
import { streamEntries } from './stream-entries.js';
import { factsOf } from './stream-facts.js';
import { streamBackoffMs } from './stream-backoff.js';
import { StreamMetrics } from './stream.metrics.js';
import { StreamPost } from './stream-post.js';
import { streamBehindMinutes } from './stream.settings.js';
import * as store from './stream-turns.store.js';

/** Where nothing goes out now: looked at again this late. */
const SUSPENDED_MS = 60_000;

const version = ownVersion();

/** What is to be sent, and from where on. */
interface Turn {
  readonly row: AuditStreamEntity;
  readonly place: store.Place;
  /** The first that is not looked at. */
  readonly to: number;
}

type Sent = Turn & { readonly batch: Batch };

/**
 * One delivery of a stream that this process has leased: read, sent outside any transaction, settled. No entry
 * is written of it: else every delivery would make the next one.
 */
@Injectable()
export class StreamTurn {
  constructor(
    private readonly database: Database,
    private readonly reader: LogReader,
    private readonly post: StreamPost,
    private readonly tenants: TenantDirectory,
    private readonly settings: Settings,
    private readonly metrics: StreamMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Rejects when the database does not answer: the lease runs out, and the same is sent again. */
  async take(claim: StreamClaim, signal: AbortSignal): Promise<void> {
    const tenant = await this.tenants.find(claim.tenantId);
    const isOpen = tenant?.status === 'active';
    const turn = await this.inStream(claim, (open, place) =>
      this.begin(open, { claim, place, isOpen }),
    );
    if (!turn) return;
    const sent = await this.read(claim, turn);
    if (!sent) return;
    const { batch, row } = sent;
    await failpoint('audit-stream.send:before');
    const parcel = { batch, from: turn.place.acknowledged, at: new Date(this.clock.now()), signal };
    const receipt = await this.post.send(row, parcel);
    await failpoint('audit-stream.send:after');
    await this.settle(claim, sent, { receipt, isCut: signal.aborted });
  }

  /** In the stream's tenant, and only while the lease is ours. */
  private inStream<T>(
    claim: StreamClaim,
    work: (open: OpenContext, place: store.Place) => Promise<T>,
  ): Promise<T | undefined> {
    return this.database.transaction(contextOf(claim), async (open) => {
      const place = await store.holdStream(open, claim);
      return place ? work(open, place) : undefined;
    });
  }

  /** Undefined: nothing is to be sent now, and the stream has been left. */
  private async begin(
    open: OpenContext,
    asked: { readonly claim: StreamClaim; readonly place: store.Place; readonly isOpen: boolean },
  ): Promise<Turn | undefined> {
    const { claim, place, isOpen } = asked;
    const { position, size } = place;
    const row = await streamRow(open, claim.streamId);
    if (!row || place.isPaused || size <= position || !isOpen) {
      await store.leaveStream(open, claim, isOpen ? 0 : SUSPENDED_MS);
      return undefined;
    }
    return { row, place, to: Math.min(size, position + auditLimits.streamEntries) };
  }

  /** Undefined: nothing of it is to be sent, and the stream has been moved on, or stands still. */
  private async read(claim: StreamClaim, turn: Turn): Promise<Sent | undefined> {
    const { row, place, to } = turn;
    const { position } = place;
    const ctx = contextOf(claim);
    const logged = await this.reader.entries(ctx, position, to);
    const { entries, fault } = streamEntries(logged, position, to);
    if (entries.length === 0) {
      await this.inStream(claim, (open) =>
        this.postpone(open, { claim, row }, { reason: fault, retryAfterMs: null }),
      );
      return undefined;
    }
    const checkpoint = await this.database.transaction(ctx, (open) =>
      store.reachedCheckpoint(open, place.acknowledged, position + entries.length),
    );
    const sent = { ...turn, batch: batchOf(entries, checkpoint, { ...row, version }) };
    if (sent.batch.entries > 0) return sent;
    await this.inStream(claim, (open) => this.advance(open, claim, sent));
    return undefined;
  }

  private async settle(
    claim: StreamClaim,
    sent: Sent,
    { receipt, isCut }: { readonly receipt: Receipt; readonly isCut: boolean },
  ): Promise<void> {
    const isTaken = receipt.outcome === 'taken';
    // Broken off by us, not by the receiver: it is no attempt in vain.
    if (isCut && !isTaken) {
      await this.inStream(claim, (open) => store.leaveStream(open, claim, 0));
      return;
    }
    await this.inStream(claim, async (open) => {
      if (isTaken) await this.advance(open, claim, sent);
      else await this.postpone(open, { claim, row: sent.row }, receipt);
    });
    this.metrics.deliveries.inc({ outcome: isTaken ? 'taken' : 'postponed' });
    if (isTaken) this.metrics.entries.inc(sent.batch.entries);
  }

  private async advance(
    open: OpenContext,
    claim: StreamClaim,
    { row, place, batch }: Sent,
  ): Promise<void> {
    await store.advanceStream(open, claim, {
      from: place.position,
      to: batch.end,
      isSent: batch.entries > 0,
      isCaughtUp: batch.end >= place.size,
    });
    await this.tellIfBehind(open, row);
  }

  private async postpone(
    open: OpenContext,
    { claim, row }: { readonly claim: StreamClaim; readonly row: AuditStreamEntity },
    { reason, retryAfterMs }: Pick<Receipt, 'reason' | 'retryAfterMs'>,
  ): Promise<void> {
    const delayMs = streamBackoffMs(claim.failures + 1, retryAfterMs);
    await store.postponeStream(open, claim, { delayMs, error: reason ?? 'not-taken' });
    await this.tellIfBehind(open, row);
  }

  /** Whoever hears alarms hears it once, until the receiver has caught up. */
  private async tellIfBehind(open: OpenContext, row: AuditStreamEntity): Promise<void> {
    const minutes = this.settings.valueOf(streamBehindMinutes, { tenantId: open.tenantId });
    const told = await store.tellBehind(open, row.id, minutes);
    if (told) await open.record(auditStreamBehind(row.id, { ...factsOf(row), minutes, ...told }));
  }
}

function contextOf({ tenantId }: StreamClaim): Context {
  return Context.system(tenantId, 'audit-streams');
}
