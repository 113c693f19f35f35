import { text } from 'node:stream/consumers';
import {
  archiveFolder,
  archiveKey,
  type ObjectStore,
} from '../../../drivers/storage/object-store.js';
import type { AnchorSink } from './anchor-sink.js';

const WORD = 'audit-checkpoints';
/** So that names sort as sizes do. */
const DIGITS = 16;

/** Checkpoints in the archive of an object store. */
export class StoreSink implements AnchorSink {
  constructor(
    readonly name: string,
    private readonly store: ObjectStore,
  ) {}

  put(tenantId: string, size: number, note: string): Promise<boolean> {
    return this.store.archive(keyOf(tenantId, size), Buffer.from(note));
  }

  async sizes(tenantId: string): Promise<number[]> {
    const names = await this.store.archived(archiveFolder(tenantId, WORD));
    return names.filter((name) => /^\d{16}$/.test(name)).map(Number);
  }

  async read(tenantId: string, size: number): Promise<string> {
    return text(await this.store.get(keyOf(tenantId, size)));
  }
}

function keyOf(tenantId: string, size: number) {
  return archiveKey(tenantId, WORD, String(size).padStart(DIGITS, '0'));
}
