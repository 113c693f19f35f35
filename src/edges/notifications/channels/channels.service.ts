import { Inject, Injectable } from '@nestjs/common';
import { channelKinds } from '../../../drivers/channels/channel-kinds.js';
import { Mailer } from '../../../drivers/channels/mail/mailer.js';
import type { Clock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { notificationLimits } from '../../../kernel/notification-limits.js';
import { CLOCK } from '../../../platform/clock.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { insertNew, updateOne } from '../../../platform/database/entity-rows.js';
import { answerOf } from '../../../platform/http/answer.js';
import { versionMismatch } from '../../../platform/http/http.errors.js';
import { newestFirst, type Page } from '../../../platform/http/page.js';
import { Signal } from '../../../platform/signal/signal.js';
import { Topic } from '../../../platform/signal/topics.js';
import { changing } from '../../../platform/events/changing.js';
import { dropLanesOf, wakeLanesOf } from '../deliveries/lanes.store.js';
import { ChannelEntity } from './channel.entity.js';
import {
  channelExists,
  channelKindFixed,
  channelLimit,
  channelNotFound,
  channelNotSigned,
} from './channel.errors.js';
import { ChannelSecrets } from './channel-secrets.js';
import * as dto from './channels.dto.js';
import * as events from './channels.events.js';

/** A channel, and the one time that its signing secret is shown. */
type WithSecret = dto.ChannelView & { readonly signingSecret: string | null };

/** Where people of a tenant are told. */
@Injectable()
export class ChannelsService {
  constructor(
    private readonly database: Database,
    private readonly secrets: ChannelSecrets,
    private readonly mailer: Mailer,
    private readonly signal: Signal,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  list(ctx: Context, query: dto.ChannelsQuery): Promise<Page<dto.ChannelView>> {
    return this.database.transaction(ctx, (open) =>
      newestFirst('channels', query, async (before, take) => {
        const rows = open.tx
          .repository(ChannelEntity)
          .createQueryBuilder('channel')
          .where('channel.tenantId = :tenantId', { tenantId: open.tenantId })
          .orderBy('channel.id', 'DESC')
          .take(take);
        if (before !== null) rows.andWhere('channel.id < :before', { before });
        return (await rows.getMany()).map((row) => this.view(row));
      }),
    );
  }

  /** Throws `channel-not-found`. */
  async get(ctx: Context, id: string): Promise<dto.ChannelView> {
    return this.view(await this.row(ctx, id));
  }

  /** With what nobody is answered. Throws `channel-not-found`. */
  row(ctx: Context, id: string): Promise<ChannelEntity> {
    return this.database.transaction(ctx, (open) => findChannel(open, id));
  }

  /** Throws `channel-limit`, `channel-exists`, `mail-off`, `outbound-url-invalid`. */
  create(ctx: Context, body: dto.ChannelBody): Promise<WithSecret> {
    const { name, kind, params, secrets = {} } = body;
    const place = this.checkedPlace(body, secrets);
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const channels = open.tx.repository(ChannelEntity);
      const count = await channels.countBy({ tenantId });
      if (count >= notificationLimits.channelsPerTenant) throw channelLimit();
      const id = newId();
      const signing = channelKinds.get(kind).isSigned ? this.secrets.newSigning(id) : null;
      const sealedSecrets = this.secrets.seal(id, secrets);
      const sealedSigning = signing?.sealed ?? null;
      const row = { tenantId, id, name, kind, params, place, sealedSecrets, sealedSigning };
      const [added] = await insertNew(channels, { ...row, nameKey: nameKey(name) });
      if (!added) throw channelExists(name);
      await open.record(
        changing(events.channelCreated(id, factsOf(added)), { before: null, after: seen(added) }),
      );
      return { ...this.view(added), signingSecret: signing?.secret ?? null };
    });
  }

  /**
   * Secrets that are not given stay, unless the channel leads to another place: they are not sent to
   * anybody whom they were not given for. Throws `channel-not-found`, `channel-kind-fixed`,
   * `channel-exists`, `version-mismatch`, `mail-off`, `outbound-url-invalid`.
   */
  replace(
    ctx: Context,
    id: string,
    { version, body }: { readonly version: number; readonly body: dto.ChannelBody },
  ): Promise<dto.ChannelView> {
    return this.database.transaction(ctx, async (open) => {
      const before = await findChannel(open, id);
      if (before.kind !== body.kind) throw channelKindFixed(before.kind);
      const kept = this.secrets.open(before);
      const isMoved = this.checkedPlace(body, kept) !== before.place;
      const secrets = body.secrets ?? (isMoved ? {} : kept);
      const place = this.checkedPlace(body, secrets);
      const { tenantId } = open;
      const { name, params } = body;
      const key = nameKey(name);
      const channels = open.tx.repository(ChannelEntity);
      const isTaken =
        key !== before.nameKey && (await channels.existsBy({ tenantId, nameKey: key }));
      if (isTaken) throw channelExists(name);
      const sealedSecrets = this.secrets.seal(id, secrets);
      const changes = { name, nameKey: key, params, place, sealedSecrets };
      const row = await updateOne(channels, { tenantId, id, version }, changes);
      if (!row) throw versionMismatch(before.version);
      const hasNewSecrets = body.secrets !== undefined;
      const event = events.channelChanged(id, { ...factsOf(row), hasNewSecrets });
      await open.record(changing(event, { before: seen(before), after: seen(row) }));
      // What waits for a second try may well be taken now.
      await this.wake(open, id);
      return this.view(row);
    });
  }

  /** What waits to be sent is dropped, and stays to be read. Throws `channel-not-found`. */
  remove(ctx: Context, id: string): Promise<void> {
    return this.database.transaction(ctx, async (open) => {
      const row = await findChannel(open, id);
      const dropped = await dropLanesOf(open, id);
      const event = events.channelDeleted(id, { ...factsOf(row), dropped });
      await open.record(changing(event, { before: seen(row), after: null }));
      await open.tx.repository(ChannelEntity).delete({ tenantId: open.tenantId, id });
    });
  }

  /** Throws `channel-not-found`. */
  enable(ctx: Context, id: string): Promise<dto.ChannelView> {
    return this.turn(ctx, id, { isEnabled: true, disabledWhy: null });
  }

  /** Throws `channel-not-found`. */
  disable(ctx: Context, id: string): Promise<dto.ChannelView> {
    return this.turn(ctx, id, { isEnabled: false, disabledWhy: 'by-hand' });
  }

  /** Throws `channel-not-found`, `channel-not-signed`. */
  rotateSecret(
    ctx: Context,
    id: string,
    { overlapMinutes }: dto.RotateSecretBody,
  ): Promise<WithSecret> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const before = await findChannel(open, id);
      if (before.sealedSigning === null) throw channelNotSigned();
      const { secret, sealed } = this.secrets.newSigning(id);
      const until = new Date(this.clock.now() + overlapMinutes * 60_000);
      const channels = open.tx.repository(ChannelEntity);
      // By the version that was read: of two at once, neither loses the secret that the other has shown.
      const row = await updateOne(
        channels,
        { tenantId, id, version: before.version },
        {
          sealedSigning: sealed,
          sealedSigningBefore: before.sealedSigning,
          signingBeforeUntil: until,
        },
      );
      if (!row) throw versionMismatch(before.version);
      const previousUntil = until.toISOString();
      await open.record(events.channelSecretRotated(id, { ...factsOf(row), previousUntil }));
      return { ...this.view(row), signingSecret: secret };
    });
  }

  private turn(
    ctx: Context,
    id: string,
    changes: Pick<ChannelEntity, 'isEnabled' | 'disabledWhy'>,
  ): Promise<dto.ChannelView> {
    return this.database.transaction(ctx, async (open) => {
      const before = await findChannel(open, id);
      if (before.isEnabled === changes.isEnabled) return this.view(before);
      const { tenantId } = open;
      const row = await updateOne(open.tx.repository(ChannelEntity), { tenantId, id }, changes);
      if (!row) throw channelNotFound();
      const facts = factsOf(row);
      const change = { before: seen(before), after: seen(row) };
      if (row.isEnabled) {
        await open.record(changing(events.channelTurnedOn(id, facts), change));
        await this.wake(open, id);
      } else {
        const event = events.channelTurnedOff(id, { ...facts, why: 'by-hand' });
        await open.record(changing(event, change));
      }
      return this.view(row);
    });
  }

  /** Throws `mail-off`, `outbound-url-invalid`. */
  private checkedPlace({ kind, params }: dto.ChannelBody, secrets: object): string | null {
    const of = channelKinds.get(kind);
    of.check?.(params, secrets, { isMailOn: this.mailer.isOn });
    return of.place(params, secrets);
  }

  private async wake(open: OpenContext, id: string): Promise<void> {
    await wakeLanesOf(open, id);
    open.tx.afterCommit(() => this.signal.publish(Topic.Delivery, id));
  }

  private view(row: ChannelEntity): dto.ChannelView {
    const { signingBeforeUntil: until } = row;
    const isOverlap = until !== null && until.getTime() > this.clock.now();
    return answerOf(dto.channelOut, {
      ...row,
      params: { ...row.params },
      isSigned: row.sealedSigning !== null,
      previousSecretUntil: isOverlap ? until : null,
    });
  }
}

/** Throws `channel-not-found`. */
export async function findChannel(open: OpenContext, id: string): Promise<ChannelEntity> {
  const { tenantId } = open;
  const row = await open.tx.repository(ChannelEntity).findOneBy({ tenantId, id });
  if (row) return row;
  throw channelNotFound();
}

/** For the log. */
export function factsOf({ name, kind, place }: ChannelEntity) {
  return { name, kind, place };
}

/** As an entry keeps it: parameters stay out of it, addresses among them may be half a secret. */
function seen({ name, kind, place, isEnabled, disabledWhy }: ChannelEntity) {
  return { name, kind, place, isEnabled, disabledWhy };
}

function nameKey(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}
