import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { artifactKey, type ObjectStore } from '../../drivers/storage/object-store.js';
import { OBJECT_STORE } from '../../drivers/storage/object-store.token.js';
import { DomainError, TerminalError } from '../../kernel/errors.js';
import { Config } from '../../platform/config/config.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { StreamPlaces } from '../../platform/http/stream-places.js';
import { uploadsBusy } from '../releases.errors.js';
import type { ReleaseFacts } from '../releases.queries.js';
import { type ReceivedArtifact, receiveArtifact } from './artifact-intake.js';
import { artifactMissing } from './artifacts.errors.js';
import {
  claimArtifact,
  claimUnkeptArtifact,
  deleteArtifact,
  noteArtifactVerified,
} from './artifacts.store.js';

/** Each upload holds a file, a gunzip and a connection; more at once only make all of them slow. */
const UPLOADS_AT_ONCE = 32;

/** Many clusters that get the same artifact would wait for each other's writes to its row. */
const NOTED_AGAIN_MS = 60_000;

export type VerifiableArtifact = Pick<ReleaseFacts, 'artifactDigest' | 'artifactVerifiedAgeMs'>;

/**
 * The bytes of releases. A row in `artifacts` and an object in the store belong together: whoever
 * changes either holds the row's lock, so a push and the clean-up of a failed one cannot cross.
 */
@Injectable()
export class ArtifactsService {
  private uploads = 0;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly streams: StreamPlaces,
    @Inject(OBJECT_STORE) private readonly store: ObjectStore,
  ) {}

  get limitBytes(): number {
    return this.config.artifactLimitBytes;
  }

  /** Stores an upload under a temporary key. Call `discard` in the end, whatever happened. */
  async receive(source: Readable): Promise<ReceivedArtifact> {
    if (this.uploads >= UPLOADS_AT_ONCE) {
      throw uploadsBusy(UPLOADS_AT_ONCE);
    }
    this.uploads += 1;
    try {
      return await receiveArtifact(this.store, source, { maxBytes: this.limitBytes });
    } finally {
      this.uploads -= 1;
    }
  }

  /** Takes away what was received; does nothing when it was kept. */
  async discard(received: ReceivedArtifact): Promise<void> {
    await this.store.delete(received.temporaryKey);
  }

  /**
   * First half of keeping it: the row, and with it the lock until the transaction ends. Answers how
   * many bytes more are kept by it: none, if they are there already.
   */
  async claim(open: OpenContext, received: ReceivedArtifact): Promise<number> {
    const isNew = await claimArtifact(open, received.artifactDigest, received.bytes);
    return isNew ? received.bytes : 0;
  }

  /**
   * Second half: the object gets its own name. The last act of the transaction, because it cannot be
   * rolled back. Done also when the object is there: pushing again repairs one that was damaged.
   */
  async commit(ctx: Context, received: ReceivedArtifact): Promise<void> {
    const key = artifactKey(ctx.tenantId, received.artifactDigest);
    await this.store.commit(received.temporaryKey, key);
  }

  /** After a transaction that failed behind `commit`: takes the object away unless it has a row. */
  async forgetUnlessKept(ctx: Context, artifactDigest: string): Promise<void> {
    await this.database.transaction(ctx, async (open) => {
      if (!(await claimUnkeptArtifact(open, artifactDigest))) return;
      await this.store.delete(artifactKey(open.tenantId, artifactDigest));
      await deleteArtifact(open, artifactDigest);
    });
  }

  /** The bytes, for a download. Whoever asks has found the digest in a row of the same tenant. */
  async open(ctx: Context, artifactDigest: string): Promise<Readable> {
    const leave = this.streams.take(`${ctx.actor.kind} ${ctx.actor.id}`);
    try {
      const stream = await this.store.get(artifactKey(ctx.tenantId, artifactDigest));
      // Always emitted, at the end as well as when the reader goes away.
      return stream.once('close', leave);
    } catch (error) {
      leave();
      if (!isMissing(error)) throw error;
      throw artifactMissing(artifactDigest, error);
    }
  }

  /**
   * Reads the stored bytes and compares their digest; to be called outside a transaction. With
   * `maxAgeMs`, a check that is not older than that counts. Throws TerminalError `artifact-missing`
   * or `artifact-corrupt`; anything else (a disk that does not answer) may be tried again.
   */
  async verify(
    ctx: Context,
    { artifactDigest, artifactVerifiedAgeMs }: VerifiableArtifact,
    { maxAgeMs = 0, signal }: { maxAgeMs?: number; signal?: AbortSignal } = {},
  ): Promise<void> {
    const ageMs = artifactVerifiedAgeMs ?? Infinity;
    if (ageMs < maxAgeMs) return;
    const actual = await this.digestOfStored(ctx, artifactDigest, signal);
    if (actual !== artifactDigest) {
      throw new TerminalError(
        'artifact-corrupt',
        'The stored artifact was changed or damaged. Push the same release again to repair it.',
        { artifactDigest, actual },
      );
    }
    if (ageMs < NOTED_AGAIN_MS) return;
    await this.database.transaction(ctx, (open) => noteArtifactVerified(open, artifactDigest));
  }

  private async digestOfStored(
    ctx: Context,
    artifactDigest: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const hash = createHash('sha256');
    try {
      const stream = await this.store.get(artifactKey(ctx.tenantId, artifactDigest));
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        signal?.throwIfAborted();
        hash.update(chunk);
      }
    } catch (error) {
      throw isMissing(error) ? missing(artifactDigest) : error;
    }
    return `sha256:${hash.digest('hex')}`;
  }
}

/** What `verify` finds without a look at the bytes: for a transaction, which has no time for one. */
export function refuseNotReady({
  artifactDigest,
  isArtifactReady,
}: Pick<ReleaseFacts, 'artifactDigest' | 'isArtifactReady'>): void {
  if (!isArtifactReady) throw missing(artifactDigest);
}

function missing(artifactDigest: string): TerminalError {
  return new TerminalError(
    'artifact-missing',
    'The artifact is not in the store. Push the same release again to put it back.',
    { artifactDigest },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'object-not-found';
}
