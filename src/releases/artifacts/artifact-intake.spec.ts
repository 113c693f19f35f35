import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { buildArtifact } from '../../../test/support/artifact.js';
import { FilesystemObjectStore } from '../../drivers/storage/filesystem/filesystem.object-store.js';
import type { ObjectStore } from '../../drivers/storage/object-store.js';
import { artifactTooLarge } from '../../drivers/storage/storage.errors.js';
import { receiveArtifact } from './artifact-intake.js';

let directory: string;
let store: ObjectStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tidegate-intake-'));
  store = await FilesystemObjectStore.open(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const bytesOf = async () => (await buildArtifact({ files: { 'a.txt': 'x'.repeat(1000) } })).bytes;
const left = () => readdir(join(directory, 'tmp'));

/** In small pieces, so that whoever stops does so in the middle. */
async function* pieces(bytes: Buffer, failure?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 16) {
    if (failure && at > bytes.length / 2) throw failure;
    yield bytes.subarray(at, at + 16);
    await turn();
  }
}

it('gives the digest and size of what it stored', async () => {
  const { bytes, artifactDigest } = await buildArtifact({ files: { a: 'x' } });
  const source = Readable.from(pieces(bytes));
  const received = await receiveArtifact(store, source, { maxBytes: 10_000 });
  expect(received).toMatchObject({ artifactDigest, bytes: bytes.length });
  expect(await store.stat(received.temporaryKey)).toEqual({ bytes: bytes.length });
});

it('tells the reason of whoever stopped first, not the echo of a broken pipe', async () => {
  const bytes = await bytesOf();
  const late = async () => {
    for (let turns = 0; turns < 50; turns += 1) await turn();
  };
  // Its reason arrives long after its pipes were closed.
  const slow: ObjectStore = Object.create(store, {
    put: {
      value: async (_key: string, source: Readable) => {
        let first = true;
        for await (const _chunk of source) {
          if (!first) break;
          first = false;
        }
        await late();
        throw artifactTooLarge(1);
      },
    },
  }) as ObjectStore;
  const tooLarge = receiveArtifact(slow, Readable.from(pieces(bytes)), { maxBytes: 1 });
  await expect(tooLarge).rejects.toMatchObject({ code: 'artifact-too-large' });

  const gone = Readable.from(pieces(bytes, new Error('the client went away')));
  const failing = receiveArtifact(store, gone, { maxBytes: 10_000 });
  await expect(failing).rejects.toThrow('the client went away');

  const garbage = Readable.from(pieces(Buffer.alloc(10_000, 'garbage')));
  const refused = receiveArtifact(store, garbage, { maxBytes: 100_000 });
  await expect(refused).rejects.toMatchObject({ code: 'archive-damaged' });
  expect(await left()).toEqual([]);
});

it('ends when the store fails before it reads anything', async () => {
  await rm(directory, { recursive: true });
  const attempt = receiveArtifact(store, Readable.from(pieces(await bytesOf())), { maxBytes: 10 });
  await expect(attempt).rejects.toMatchObject({ code: 'storage-unavailable' });
});
