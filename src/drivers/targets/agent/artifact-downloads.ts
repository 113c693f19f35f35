import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { StreamPlaces } from '../../../platform/http/stream-places.js';
import { artifactKey, type ObjectStore } from '../../storage/object-store.js';
import { OBJECT_STORE } from '../../storage/object-store.token.js';
import { artifactNotFound, downloadsBusy } from './agent.errors.js';
import { DownloadPlaces } from './download-places.js';
import { ReleaseFacts } from './release-facts.js';

export interface ArtifactDownload {
  readonly stream: Readable;
  readonly bytes: number;
}

/**
 * Hands artifacts to nodes: only those that the node should run or should have run before. What it
 * says to run gives it no right. So many at once for a cluster, whatever the size of the wave: a wave must not fill the network that
 * the releases serve on. The object store is not read before a place is held.
 */
@Injectable()
export class ArtifactDownloads {
  constructor(
    private readonly database: Database,
    private readonly places: DownloadPlaces,
    private readonly streams: StreamPlaces,
    private readonly releases: ReleaseFacts,
    @Inject(OBJECT_STORE) private readonly store: ObjectStore,
  ) {}

  async open(ctx: Context, artifactDigest: string): Promise<ArtifactDownload> {
    const { bytes, place } = await this.database.transaction(ctx, async (open) => {
      const artifact = await this.releases.artifactFor(open, open.actor.id, artifactDigest);
      if (!artifact) throw artifactNotFound();
      return { ...artifact, place: await this.places.take(open, artifact.clusterId) };
    });
    if (!place) throw downloadsBusy(this.places.size);
    const lost = this.places.hold(place);
    let leaveStream = () => {};
    try {
      // One node may not hold all places of its cluster, whoever has its key.
      leaveStream = this.streams.take(`node ${ctx.actor.id}`);
      const stream = await this.store.get(artifactKey(ctx.tenantId, artifactDigest));
      // Always emitted, at the end as well as when the node goes away.
      stream.once('close', () => {
        leaveStream();
        this.places.leave(place);
      });
      // Somebody else sends bytes in its place by now.
      const stop = () => stream.destroy(downloadsBusy(this.places.size));
      if (lost.aborted) stop();
      else lost.addEventListener('abort', stop);
      return { stream, bytes };
    } catch (error) {
      leaveStream();
      this.places.leave(place);
      throw error;
    }
  }
}
