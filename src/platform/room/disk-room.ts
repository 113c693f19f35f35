import { statfs } from 'node:fs/promises';
import type { Clock } from '../../kernel/clock.js';
import { storageFull } from './room.errors.js';

const MEBIBYTE = 1024 * 1024;

/** How much of a disk is left alone: so much, or a share of a small one. */
export interface Reserve {
  readonly bytes: number;
  readonly share: number;
}

/**
 * Artifacts stop before the disk is full: PostgreSQL, which often shares it, ends when its log finds no room,
 * and an upload can always come again.
 */
export const artifactReserve: Reserve = { bytes: 128 * MEBIBYTE, share: 0.1 };
/** Two segments of PostgreSQL's log. */
export const databaseReserve: Reserve = { bytes: 32 * MEBIBYTE, share: 0.025 };

/** Whether there is less room on a folder's disk than is to be left alone. */
export async function isShortOfRoom(folder: string, { bytes, share }: Reserve): Promise<boolean> {
  const { bavail, bsize, blocks } = await statfs(folder);
  return bavail * bsize < Math.min(bytes, blocks * bsize * share);
}

/** A database that has room again is known by the writes that no longer fail: as long as they may be apart. */
const REMEMBERED_MS = 15_000;

/** Whether the database's disk is full, as its own refusals say: it may be on another machine. */
export class DatabaseRoom {
  private ranOutAt = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** A statement has just failed for want of room. */
  ranOut(): void {
    this.ranOutAt = this.clock.monotonic();
  }

  /** Throws `storage-full`. `folder`: its disk, where that is one of this machine. */
  async check(folder: string | null): Promise<void> {
    const isFresh = this.clock.monotonic() - this.ranOutAt < REMEMBERED_MS;
    if (isFresh || (folder !== null && (await isShortOfRoom(folder, databaseReserve)))) {
      throw storageFull('database', undefined);
    }
  }
}
