import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { FilesystemObjectStore } from '../../drivers/storage/filesystem/filesystem.object-store.js';
import { newTemporaryKey } from '../../drivers/storage/object-store.js';
import { Logger } from '../../platform/logging/logger.js';
import { TEMPORARY_AGE_MS, TemporarySweep } from './temporary-sweep.js';

it('takes away at start what a killed process left a day ago, and no upload that goes on', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tidegate-sweep-'));
  try {
    const store = await FilesystemObjectStore.open(directory);
    const [old, young] = [newTemporaryKey(), newTemporaryKey()];
    for (const key of [old, young]) {
      await store.put(key, Readable.from([Buffer.from('half')]), { maxBytes: 10 });
    }
    const then = new Date(Date.now() - TEMPORARY_AGE_MS - 60_000);
    await utimes(join(directory, old), then, then);
    const sweep = new TemporarySweep(store, Logger.silent());
    await sweep.onModuleInit();
    sweep.onModuleDestroy();
    expect((await readdir(join(directory, 'tmp'))).map((name) => `tmp/${name}`)).toEqual([young]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it('does not stop the start when the store does not answer', async () => {
  const broken = { sweepTemporary: () => Promise.reject(new Error('away')) };
  const sweep = new TemporarySweep(broken as unknown as FilesystemObjectStore, Logger.silent());
  await expect(sweep.onModuleInit()).resolves.toBeUndefined();
  sweep.onModuleDestroy();
});
