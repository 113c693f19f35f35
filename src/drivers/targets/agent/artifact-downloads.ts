import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import type { Context } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { artifactKey, type ObjectStore } from '../../storage/object-store.js';
import { OBJECT_STORE } from '../../storage/object-store.token.js';

export interface ArtifactDownload {
  readonly stream: Readable;
  readonly bytes: number;
}

/**
 * Hands artifacts to nodes: only those that the node should run, should have run before, or runs.
 * At most limits.downloadsPerCluster at once for a cluster, whatever the size of the wave: a wave
 * must not fill the network that the releases serve on. Counted per process.
 */
@Injectable()
export class ArtifactDownloads {
  private readonly running = new Map<string, number>();

  constructor(
    private readonly database: Database,
    @Inject(OBJECT_STORE) private readonly store: ObjectStore,
  ) {}

  async open(context: Context, artifactDigest: string): Promise<ArtifactDownload> {
    const artifact = await this.find(context, artifactDigest);
    const leave = this.enter(artifact.clusterId);
    try {
      const stream = await this.store.get(artifactKey(context.tenantId, artifactDigest));
      // Always emitted, at the end as well as when the node goes away.
      stream.once('close', leave);
      return { stream, bytes: artifact.bytes };
    } catch (error) {
      leave();
      throw error;
    }
  }

  private async find(
    context: Context,
    artifactDigest: string,
  ): Promise<{ clusterId: string; bytes: number }> {
    const [artifact] = await this.database.transaction(context, ({ tx, tenantId, actor }) =>
      tx.query<{ clusterId: string; bytes: number }>(FIND_SQL, [
        tenantId,
        actor.id,
        artifactDigest,
      ]),
    );
    if (artifact) return artifact;
    throw new DomainError(
      'not-found',
      'artifact-not-found',
      'There is no such artifact among those that this node should run. Ask for the desired state again.',
    );
  }

  /** Takes a place; the answer gives it back, once. */
  private enter(clusterId: string): () => void {
    const running = this.running.get(clusterId) ?? 0;
    if (running >= limits.downloadsPerCluster) {
      throw new DomainError(
        'unavailable',
        'downloads-busy',
        `${limits.downloadsPerCluster} nodes of this cluster are downloading. Try again in a few seconds.`,
        { details: { retryAfterSeconds: RETRY_AFTER_SECONDS } },
      );
    }
    this.running.set(clusterId, running + 1);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      const left = (this.running.get(clusterId) ?? 1) - 1;
      if (left > 0) this.running.set(clusterId, left);
      else this.running.delete(clusterId);
    };
  }
}

export const RETRY_AFTER_SECONDS = 2;

const FIND_SQL = `
  select node.cluster_id as "clusterId", artifact.size as bytes
  from nodes node
  join artifacts artifact on artifact.tenant_id = $1 and artifact.artifact_digest = $3
    and artifact.state = 'ready'
  where node.tenant_id = $1 and node.id = $2 and node.revoked_at is null
    and exists (
      select from (
        select desired.releases || desired.previous_releases as list
        from desired_modules desired where desired.tenant_id = $1 and desired.node_id = $2
        union all
        select seen.running
        from observed_modules seen where seen.tenant_id = $1 and seen.node_id = $2
      ) as known
      cross join jsonb_array_elements(known.list) as item
      join releases release
        on release.tenant_id = $1 and release.id = (item ->> 'releaseId')::uuid
      where release.artifact_digest = $3)`;
