import type { ArchiveKey, ObjectStore } from '../../../drivers/storage/object-store.js';
import { readObject } from './read-object.js';

type Pair<T> = { readonly leaves: T; readonly personal: T };

/**
 * Both objects, durably, and what the store gives back for them once `check` has nothing against it. Others
 * that are there already, of a process that died, are as good when they pass; torn ones are written anew.
 */
export async function keepObject(
  store: ObjectStore,
  keys: Pair<ArchiveKey>,
  bytes: Pair<Buffer>,
  check: (kept: Pair<Buffer>) => Promise<void>,
): Promise<Pair<Buffer>> {
  const isMine = [
    await store.archive(keys.leaves, bytes.leaves),
    await store.archive(keys.personal, bytes.personal),
  ].every(Boolean);
  try {
    return await checked(store, keys, check);
  } catch (error) {
    if (isMine) throw error;
    // Nothing names them yet, so nobody misses them.
    for (const key of [keys.leaves, keys.personal]) await store.delete(key);
    await store.archive(keys.leaves, bytes.leaves);
    await store.archive(keys.personal, bytes.personal);
    return checked(store, keys, check);
  }
}

async function checked(
  store: ObjectStore,
  keys: Pair<ArchiveKey>,
  check: (kept: Pair<Buffer>) => Promise<void>,
): Promise<Pair<Buffer>> {
  const kept = {
    leaves: await readObject(store, keys.leaves),
    personal: await readObject(store, keys.personal),
  };
  await check(kept);
  return kept;
}
