import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { messageOf } from '../../../kernel/errors.js';
import { newId } from '../../../kernel/ids.js';
import { Config } from '../../../platform/config/config.js';
import { Context, type OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { Logger } from '../../../platform/logging/logger.js';
import {
  layOutPlaces,
  leavePlace,
  renewPlaces,
  takePlace,
  type DownloadPlace,
} from './download-places.store.js';

const RENEW_EVERY_MS = 4_000;

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
    const { size } = this;
    if (!this.laidOut.has(clusterId)) {
      await layOutPlaces(open, clusterId, size);
      open.tx.afterCommit(() => void this.laidOut.add(clusterId));
    }
    return takePlace(open, { clusterId, size, holder: newId() });
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
    this.database
      .transaction(Context.system(place.tenantId, 'downloads'), (open) => leavePlace(open, place))
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
    const kept = await this.database.system((tx) => renewPlaces(tx, asked));
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
