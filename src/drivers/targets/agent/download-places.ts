import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { messageOf } from '../../../kernel/errors.js';
import { newId } from '../../../kernel/ids.js';
import { Config } from '../../../platform/config/config.js';
import { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';

/** A place that a process held when it was killed is free after this. */
const LEASE_MS = 15_000;
const RENEW_EVERY_MS = 4_000;

/** The right of one download to read and send bytes. */
export interface DownloadPlace {
  readonly tenantId: string;
  readonly clusterId: string;
  readonly number: number;
  /** Of this download alone: whoever takes the place later has another. */
  readonly holder: string;
}

/**
 * So many downloads at once for a cluster, over all processes: places are rows, each leased by one
 * download and renewed while it runs, all of a process in one statement. A process that dies gives
 * its places back by not renewing them.
 */
@Injectable()
export class DownloadPlaces implements OnModuleDestroy {
  private readonly held = new Map<string, { place: DownloadPlace; lost: AbortController }>();
  /** Clusters whose rows are known to be there; they are never deleted. */
  private readonly laidOut = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly log: Logger,
  ) {}

  onModuleDestroy(): void {
    clearTimeout(this.timer);
  }

  get size(): number {
    return this.config.clusterDownloads;
  }

  /** In the caller's transaction. Null: all places are taken. */
  async take(open: OpenContext, clusterId: string): Promise<DownloadPlace | null> {
    const at = [open.tenantId, clusterId, this.size];
    if (!this.laidOut.has(clusterId)) {
      await open.tx.execute(LAY_OUT_SQL, at);
      open.tx.afterCommit(() => void this.laidOut.add(clusterId));
    }
    const holder = newId();
    const [row] = await open.tx.query<{ number: number }>(TAKE_SQL, [...at, holder, LEASE_MS]);
    return row ? { tenantId: open.tenantId, clusterId, number: row.number, holder } : null;
  }

  /** Renews it from now on, until `leave`. Aborted: somebody else has it, and no byte may follow. */
  hold(place: DownloadPlace): AbortSignal {
    const lost = new AbortController();
    this.held.set(place.holder, { place, lost });
    this.timer ??= setTimeout(() => void this.renew(), RENEW_EVERY_MS).unref();
    return lost.signal;
  }

  /** Gives the place back; twice without harm. */
  leave(place: DownloadPlace): void {
    if (!this.held.delete(place.holder)) return;
    const { tenantId, clusterId, number, holder } = place;
    this.database
      .transaction(Context.system(tenantId, 'downloads'), (open) =>
        open.tx.execute(LEAVE_SQL, [tenantId, clusterId, number, holder]),
      )
      // It is free when its lease has run out.
      .catch((error: unknown) => this.warn(error, 'a place for downloads was not given back'));
  }

  private async renew(): Promise<void> {
    const asked = [...this.held.values()].map(({ place }) => place);
    try {
      if (asked.length > 0) await this.renewAll(asked);
    } catch (error) {
      this.warn(error, 'places for downloads could not be renewed');
    }
    this.timer =
      this.held.size > 0 ? setTimeout(() => void this.renew(), RENEW_EVERY_MS).unref() : undefined;
  }

  private async renewAll(asked: readonly DownloadPlace[]): Promise<void> {
    const rows = await this.database.system((tx) =>
      tx.query<{ holder: string }>(RENEW_SQL, [
        asked.map(({ tenantId }) => tenantId),
        asked.map(({ clusterId }) => clusterId),
        asked.map(({ number }) => number),
        asked.map(({ holder }) => holder),
        LEASE_MS,
      ]),
    );
    const kept = new Set(rows.map(({ holder }) => holder));
    for (const { holder } of asked) {
      if (kept.has(holder)) continue;
      // Gone from here when its download has ended meanwhile: then nothing was lost.
      this.held.get(holder)?.lost.abort();
      this.held.delete(holder);
    }
  }

  private warn(error: unknown, message: string): void {
    this.log.warn({ error: messageOf(error) }, message);
  }
}

const LAY_OUT_SQL = `
  insert into download_places (tenant_id, cluster_id, number)
  select $1, $2, number from generate_series(1, $3::int) as number on conflict do nothing`;

/** Whoever asks at the same moment passes over this one's place and finds the next. */
const TAKE_SQL = `
  with free as (
    select number from download_places
    where tenant_id = $1 and cluster_id = $2 and number <= $3::int
      and (lease_until is null or lease_until < (select clock_timestamp()))
    order by number limit 1 for update skip locked)
  update download_places place set holder = $4,
    lease_until = clock_timestamp() + $5::int * interval '1 millisecond'
  from free where place.tenant_id = $1 and place.cluster_id = $2 and place.number = free.number
  returning place.number`;

const RENEW_SQL = `
  update download_places place
  set lease_until = clock_timestamp() + $5::int * interval '1 millisecond'
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[])
    as held (tenant_id, cluster_id, number, holder)
  where place.tenant_id = held.tenant_id and place.cluster_id = held.cluster_id
    and place.number = held.number and place.holder = held.holder
  returning place.holder`;

const LEAVE_SQL = `
  update download_places set holder = null, lease_until = null
  where tenant_id = $1 and cluster_id = $2 and number = $3 and holder = $4`;
