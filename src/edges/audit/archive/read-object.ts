import { buffer } from 'node:stream/consumers';
import type { ArchiveKey, ObjectStore } from '../../../drivers/storage/object-store.js';

/** All of it: objects of the archive are small. Throws `object-not-found`. */
export async function readObject(store: ObjectStore, key: ArchiveKey): Promise<Buffer> {
  return buffer(await store.get(key));
}
