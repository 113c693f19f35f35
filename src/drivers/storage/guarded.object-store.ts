import { Readable } from 'node:stream';
import { DomainError } from '../../kernel/errors.js';
import { OutsidePort, type OutsideObserver } from '../../platform/outside/outside-port.js';
import type {
  ArchiveFolder,
  ArchiveKey,
  ArtifactKey,
  ObjectKey,
  ObjectStat,
  ObjectStore,
  TemporaryKey,
} from './object-store.js';
import { storageUnavailable } from './storage.errors.js';

/** A call that only opens, looks or renames: a healthy store takes milliseconds. */
const DEADLINE_MS = 10_000;
const OPEN_MS = 10_000;
/** For the next part of an object to come; the time that its reader takes does not count. */
const STALL_MS = 30_000;
/** A sweep looks at every temporary object there is. */
const SWEEP_MS = 5 * 60_000;

export interface GuardedTimes {
  readonly deadlineMs: number;
  readonly openMs: number;
  readonly stallMs: number;
}

const usual: GuardedTimes = { deadlineMs: DEADLINE_MS, openMs: OPEN_MS, stallMs: STALL_MS };

/** Any store, behind a deadline for each call and a circuit breaker. */
export class GuardedObjectStore implements ObjectStore {
  private readonly port: OutsidePort;

  constructor(
    private readonly store: ObjectStore,
    observer: OutsideObserver,
    private readonly times: GuardedTimes = usual,
  ) {
    const { deadlineMs, openMs } = times;
    this.port = new OutsidePort({ deadlineMs, openMs, isAway, away: storageUnavailable, observer });
  }

  put(key: TemporaryKey, source: Readable, options: { maxBytes: number }): Promise<number> {
    // As long as the sender takes; the server has its own deadline for a request.
    return this.port
      .call(() => this.store.put(key, source, options), null)
      .catch((error: unknown) => {
        source.destroy();
        throw error;
      });
  }

  async get(key: ObjectKey): Promise<Readable> {
    const stream = await this.port.call(() => this.store.get(key));
    return Readable.from(unlessStalled(stream, this.times.stallMs), { objectMode: false });
  }

  stat(key: ObjectKey): Promise<ObjectStat | null> {
    return this.port.call(() => this.store.stat(key));
  }

  delete(key: ObjectKey): Promise<boolean> {
    return this.port.call(() => this.store.delete(key));
  }

  commit(temporary: TemporaryKey, key: ArtifactKey): Promise<void> {
    return this.port.call(() => this.store.commit(temporary, key));
  }

  archive(key: ArchiveKey, bytes: Buffer): Promise<boolean> {
    return this.port.call(() => this.store.archive(key, bytes));
  }

  archived(folder: ArchiveFolder): Promise<string[]> {
    return this.port.call(() => this.store.archived(folder));
  }

  sweepTemporary(olderThanMs: number): Promise<number> {
    return this.port.call(() => this.store.sweepTemporary(olderThanMs), SWEEP_MS);
  }
}

function isAway(error: unknown): boolean {
  return error instanceof DomainError && error.code === storageUnavailable.code;
}

async function* unlessStalled(stream: Readable, stallMs: number): AsyncGenerator<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () => stream.destroy(storageUnavailable(new Error('no bytes came'))),
      stallMs,
    );
  };
  try {
    watch();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      // The reader's own time does not count.
      clearTimeout(timer);
      yield chunk;
      watch();
    }
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}
