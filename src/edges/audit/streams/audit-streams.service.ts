import { Inject, Injectable } from '@nestjs/common';
import { auditLimits } from '../../../kernel/audit-limits.js';
import type { Clock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { insertNew, updateOne } from '../../../platform/database/entity-rows.js';
import { changing } from '../../../platform/events/changing.js';
import { answerOf } from '../../../platform/http/answer.js';
import { versionMismatch } from '../../../platform/http/http.errors.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { destinationOf } from '../../../platform/outbound/destination.js';
import { treeHead } from '../proofs/tree.views.js';
import { AuditStreamEntity } from './audit-stream.entity.js';
import { auditStreamExists, auditStreamLimit, auditStreamNotFound } from './audit-stream.errors.js';
import * as dto from './audit-streams.dto.js';
import * as events from './audit-streams.events.js';
import { streamRow } from './audit-streams.store.js';
import { progressOf, type StreamProgress } from './audit-streams.views.js';
import {
  beginPosition,
  dropPosition,
  parkPosition,
  wakePosition,
} from './stream-positions.store.js';
import { factsOf, placeOf, toldOf } from './stream-facts.js';
import { StreamSecrets } from './stream-secrets.js';

/** An audit stream, and the one time that its signing secret is shown. */
type WithSecret = dto.AuditStreamView & { readonly signingSecret: string };

/** Where the audit log of a tenant goes by itself. */
@Injectable()
export class AuditStreamsService {
  constructor(
    private readonly database: Database,
    private readonly secrets: StreamSecrets,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context, query: dto.StreamsQuery): Promise<Page<dto.AuditStreamView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('audit-streams', query, async (before, take) => {
        const rows = open.tx
          .repository(AuditStreamEntity)
          .createQueryBuilder('stream')
          .where('stream.tenantId = :tenantId', { tenantId: open.tenantId })
          .orderBy('stream.id', 'DESC')
          .take(take);
        if (before !== null) rows.andWhere('stream.id < :before', { before });
        return this.views(open, await rows.getMany());
      }),
    );
  }

  /** Throws `audit-stream-not-found`. */
  get(ctx: Context, id: string): Promise<dto.AuditStreamView> {
    return this.database.transaction(ctx, async (open) =>
      this.view(open, await findStream(open, id)),
    );
  }

  /** Throws `audit-stream-limit`, `audit-stream-exists`, `outbound-url-invalid`. */
  create(ctx: Context, body: dto.CreateStreamBody): Promise<WithSecret> {
    const { name, url, format, categories, start, authorization } = body;
    destinationOf(url);
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const streams = open.tx.repository(AuditStreamEntity);
      const count = await streams.countBy({ tenantId });
      if (count >= auditLimits.streamsPerTenant) throw auditStreamLimit();
      const id = newId();
      const { secret, sealed: sealedSigning } = this.secrets.newSigning(id);
      const sealedAuthorization =
        authorization === undefined ? null : this.secrets.sealAuthorization(id, authorization);
      const row = { tenantId, id, name, nameKey: nameKey(name), url, format, categories };
      const [added] = await insertNew(streams, { ...row, sealedSigning, sealedAuthorization });
      if (!added) throw auditStreamExists(name);
      const from = start === 'now' ? ((await treeHead(open))?.size ?? 0) : 0;
      await beginPosition(open, id, from);
      const created = events.auditStreamCreated(id, { ...factsOf(added), from });
      await open.record(changing(created, { before: null, after: toldOf(added) }));
      return { ...(await this.view(open, added)), signingSecret: secret };
    });
  }

  /**
   * What the receiver asks for as `Authorization` stays where it is not given, unless the stream leads to
   * another place: it is not sent to anybody whom it was not given for. Throws `audit-stream-not-found`,
   * `audit-stream-exists`, `version-mismatch`, `outbound-url-invalid`.
   */
  replace(
    ctx: Context,
    id: string,
    { version, body }: { readonly version: number; readonly body: dto.ReplaceStreamBody },
  ): Promise<dto.AuditStreamView> {
    const { name, url, categories, authorization } = body;
    destinationOf(url);
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await findStream(open, id);
      const streams = open.tx.repository(AuditStreamEntity);
      const key = nameKey(name);
      const isTaken =
        key !== before.nameKey && (await streams.existsBy({ tenantId, nameKey: key }));
      if (isTaken) throw auditStreamExists(name);
      const sealedAuthorization = this.authorizationAfter(before, url, authorization);
      const changes = { name, nameKey: key, url, categories, sealedAuthorization };
      const row = await updateOne(streams, { tenantId, id, version }, changes);
      if (!row) throw versionMismatch(before.version);
      const changed = events.auditStreamChanged(id, {
        ...factsOf(row),
        hasNewUrl: before.url !== url,
        hasNewAuthorization: before.sealedAuthorization !== sealedAuthorization,
      });
      await open.record(changing(changed, { before: toldOf(before), after: toldOf(row) }));
      // What was refused so far may well be taken now.
      if (!row.isPaused) await wakePosition(open, id);
      return this.view(open, row);
    });
  }

  /** Throws `audit-stream-not-found`. */
  pause(ctx: Context, id: string): Promise<dto.AuditStreamView> {
    return this.turn(ctx, id, true);
  }

  /** Goes on where it was. Throws `audit-stream-not-found`. */
  resume(ctx: Context, id: string): Promise<dto.AuditStreamView> {
    return this.turn(ctx, id, false);
  }

  /** Throws `audit-stream-not-found`, `version-mismatch`. */
  rotateSecret(
    ctx: Context,
    id: string,
    { overlapMinutes }: dto.RotateStreamBody,
  ): Promise<WithSecret> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await findStream(open, id);
      const { secret, sealed } = this.secrets.newSigning(id);
      const until = new Date(this.clock.now() + overlapMinutes * 60_000);
      // By the version that was read: of two at once, neither loses the secret that the other has shown.
      const row = await updateOne(
        open.tx.repository(AuditStreamEntity),
        { tenantId, id, version: before.version },
        {
          sealedSigning: sealed,
          sealedSigningBefore: before.sealedSigning,
          signingBeforeUntil: until,
        },
      );
      if (!row) throw versionMismatch(before.version);
      const previousUntil = until.toISOString();
      await open.record(events.auditStreamSecretRotated(id, { ...factsOf(row), previousUntil }));
      return { ...(await this.view(open, row)), signingSecret: secret };
    });
  }

  /** What it had yet to send is not sent. Throws `audit-stream-not-found`. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const row = await findStream(open, id);
      const undelivered = await dropPosition(open, id);
      const deleted = events.auditStreamDeleted(id, { ...factsOf(row), undelivered });
      await open.record(changing(deleted, { before: toldOf(row), after: null }));
      await open.tx.repository(AuditStreamEntity).delete({ tenantId: open.tenantId, id });
    });
  }

  private turn(ctx: Context, id: string, isPaused: boolean): Promise<dto.AuditStreamView> {
    return this.database.transaction(ctx, async (open) => {
      const before = await findStream(open, id);
      if (before.isPaused === isPaused) return this.view(open, before);
      const { tenantId } = open;
      const streams = open.tx.repository(AuditStreamEntity);
      const row = await updateOne(streams, { tenantId, id }, { isPaused });
      if (!row) throw auditStreamNotFound();
      await (isPaused ? parkPosition(open, id) : wakePosition(open, id));
      const turned = isPaused ? events.auditStreamPaused : events.auditStreamResumed;
      const change = { before: toldOf(before), after: toldOf(row) };
      await open.record(changing(turned(id, factsOf(row)), change));
      return this.view(open, row);
    });
  }

  private authorizationAfter(
    before: AuditStreamEntity,
    url: string,
    given: string | null | undefined,
  ): string | null {
    if (given === null) return null;
    if (given !== undefined) return this.secrets.sealAuthorization(before.id, given);
    return placeOf(before.url) === placeOf(url) ? before.sealedAuthorization : null;
  }

  private async view(open: OpenContext, row: AuditStreamEntity): Promise<dto.AuditStreamView> {
    return (await this.views(open, [row]))[0]!;
  }

  private async views(
    open: OpenContext,
    rows: readonly AuditStreamEntity[],
  ): Promise<dto.AuditStreamView[]> {
    const ids = rows.map(({ id }) => id);
    const progress = ids.length === 0 ? new Map() : await progressOf(open, ids);
    return rows.map((row) => this.viewOf(row, progress.get(row.id) as StreamProgress));
  }

  private viewOf(row: AuditStreamEntity, progress: StreamProgress): dto.AuditStreamView {
    const { signingBeforeUntil: until } = row;
    const { position, acknowledged, size, deliveredAt, behindSince, failures } = progress;
    return answerOf(dto.auditStreamOut, {
      ...row,
      hasAuthorization: row.sealedAuthorization !== null,
      previousSecretUntil: until !== null && until.getTime() > this.clock.now() ? until : null,
      position,
      lastDeliveredSequence: deliveredAt === null ? null : acknowledged - 1,
      lastDeliveredAt: deliveredAt,
      behind: Math.max(0, size - position),
      behindSince,
      failures,
      lastError: progress.lastError,
      nextTryAt: progress.dueAt,
    });
  }
}

/** Throws `audit-stream-not-found`. */
async function findStream(open: OpenContext, id: string): Promise<AuditStreamEntity> {
  const row = await streamRow(open, id);
  if (row) return row;
  throw auditStreamNotFound();
}

function nameKey(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}
