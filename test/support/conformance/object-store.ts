import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { digestOfBytes } from '../../../src/kernel/digest.js';
import { newId } from '../../../src/kernel/ids.js';
import {
  archiveFolder,
  archiveKey,
  artifactKey,
  newTemporaryKey,
  type ArtifactKey,
  type ObjectStore,
  type TemporaryKey,
} from '../../../src/drivers/storage/object-store.js';

const MIB = 1024 * 1024;

/** What every object store must do. `open` gives a store that is empty. */
export function objectStoreConformance(
  title: string,
  open: () => Promise<{ store: ObjectStore; close: () => Promise<void> }>,
): void {
  describe(`${title}, as an object store`, () => {
    let store: ObjectStore;
    let close: () => Promise<void>;
    beforeEach(async () => ({ store, close } = await open()));
    afterEach(() => close());

    it('gives back exactly the bytes that were put and committed', async () => {
      const bytes = randomBytes(3 * MIB + 17);
      const temporary = newTemporaryKey();
      const key = keyOf(bytes);
      expect(await store.put(temporary, chunked(bytes), { maxBytes: bytes.length })).toBe(
        bytes.length,
      );
      expect(await store.stat(key)).toBeNull();
      await store.commit(temporary, key);
      expect(await store.stat(key)).toEqual({ bytes: bytes.length });
      expect(await store.stat(temporary)).toBeNull();
      expect(digestOfBytes(await read(store, key))).toBe(digestOfBytes(bytes));
    });

    it('keeps what is archived for good, and shows it in order', async () => {
      const tenantId = newId();
      const folder = archiveFolder(tenantId, 'things');
      expect(await store.archived(folder)).toEqual([]);
      for (const name of ['b', 'a', 'c.json']) {
        const key = archiveKey(tenantId, 'things', name);
        expect(await store.archive(key, Buffer.from(name))).toBe(true);
      }
      const key = archiveKey(tenantId, 'things', 'a');
      expect(await store.archive(key, Buffer.from('a'))).toBe(true);
      expect(await store.archive(key, Buffer.from('another'))).toBe(false);
      const chunks = await (await store.get(key)).toArray();
      expect(Buffer.concat(chunks as Buffer[]).toString()).toBe('a');
      expect(await store.archived(folder)).toEqual(['a', 'b', 'c.json']);
      expect(await store.archived(archiveFolder(newId(), 'things'))).toEqual([]);
      expect(await store.sweepTemporary(0)).toBe(0);
      for (const wrong of ['..', '.', 'a/b', '', '.a']) {
        expect(() => archiveKey(tenantId, 'things', wrong)).toThrow(TypeError);
      }
    });

    it('holds an empty object, too', async () => {
      const temporary = newTemporaryKey();
      expect(await store.put(temporary, Readable.from([]), { maxBytes: 10 })).toBe(0);
      expect(await store.stat(temporary)).toEqual({ bytes: 0 });
      expect((await read(store, temporary)).length).toBe(0);
    });

    it('keeps nothing of a source that is longer than allowed, and stops reading it', async () => {
      const temporary = newTemporaryKey();
      let given = 0;
      const endless = Readable.from(
        (function* () {
          for (; given < 1000; given += 1) yield Buffer.alloc(64 * 1024);
        })(),
      );
      const put = store.put(temporary, endless, { maxBytes: MIB });
      await expect(put).rejects.toMatchObject({ code: 'artifact-too-large', kind: 'too-large' });
      expect(await store.stat(temporary)).toBeNull();
      expect(given).toBeLessThan(200);
    });

    it('keeps nothing of a source that fails half-way, and says why', async () => {
      const temporary = newTemporaryKey();
      const failing = Readable.from(
        (function* () {
          yield Buffer.alloc(100_000);
          throw new Error('the client went away');
        })(),
      );
      const put = store.put(temporary, failing, { maxBytes: MIB });
      await expect(put).rejects.toThrow('the client went away');
      expect(await store.stat(temporary)).toBeNull();
    });

    it('does not let one upload write over another', async () => {
      const temporary = newTemporaryKey();
      await store.put(temporary, chunked(Buffer.from('first')), { maxBytes: 10 });
      const second = store.put(temporary, chunked(Buffer.from('second')), { maxBytes: 10 });
      await expect(second).rejects.toThrow();
      expect((await read(store, temporary)).toString()).toBe('first');
    });

    it('repeats a commit without harm, and replaces what is there', async () => {
      const bytes = Buffer.from('the same');
      const key = keyOf(bytes);
      const first = newTemporaryKey();
      await store.put(first, chunked(bytes), { maxBytes: 10 });
      await store.commit(first, key);
      await store.commit(first, key);
      const second = newTemporaryKey();
      await store.put(second, chunked(bytes), { maxBytes: 10 });
      await store.commit(second, key);
      expect(await store.stat(second)).toBeNull();
      expect((await read(store, key)).toString()).toBe('the same');
    });

    it('finishes a reading that began before the object was replaced or deleted', async () => {
      const bytes = randomBytes(2 * MIB);
      const key = keyOf(bytes);
      const temporary = newTemporaryKey();
      await store.put(temporary, chunked(bytes), { maxBytes: bytes.length });
      await store.commit(temporary, key);
      const stream = await store.get(key);
      await store.delete(key);
      expect(digestOfBytes(await collect(stream))).toBe(digestOfBytes(bytes));
    });

    it('says so when there is nothing to get, delete or commit', async () => {
      const key = keyOf(Buffer.from('nowhere'));
      await expect(store.get(key)).rejects.toMatchObject({ code: 'object-not-found' });
      expect(await store.delete(key)).toBe(false);
      expect(await store.stat(key)).toBeNull();
      const commit = store.commit(newTemporaryKey(), key);
      await expect(commit).rejects.toMatchObject({ code: 'object-not-found' });
    });

    it('keeps the same bytes of two tenants apart', async () => {
      const bytes = Buffer.from('shared by chance');
      const [mine, theirs] = [keyOf(bytes), keyOf(bytes)];
      const temporary = newTemporaryKey();
      await store.put(temporary, chunked(bytes), { maxBytes: 100 });
      await store.commit(temporary, mine);
      expect(await store.stat(theirs)).toBeNull();
      expect(await store.delete(theirs)).toBe(false);
      expect(await store.stat(mine)).not.toBeNull();
    });

    it('sweeps temporary objects that are old, and nothing else', async () => {
      const bytes = Buffer.from('committed');
      const [kept, swept] = [newTemporaryKey(), newTemporaryKey()];
      await store.put(kept, chunked(bytes), { maxBytes: 100 });
      await store.commit(kept, keyOf(bytes));
      await store.put(swept, chunked(bytes), { maxBytes: 100 });
      expect(await store.sweepTemporary(60 * 60 * 1000)).toBe(0);
      expect(await store.stat(swept)).not.toBeNull();
      expect(await store.sweepTemporary(-1)).toBe(1);
      expect(await store.stat(swept)).toBeNull();
    });

    it.each(hostileKeys)('refuses the key %j everywhere', async (hostile) => {
      const key = hostile as TemporaryKey & ArtifactKey;
      const good = newTemporaryKey();
      await store.put(good, chunked(Buffer.from('x')), { maxBytes: 10 });
      await expect(store.put(key, Readable.from([]), { maxBytes: 1 })).rejects.toThrow('key');
      await expect(store.get(key)).rejects.toThrow('key');
      await expect(store.stat(key)).rejects.toThrow('key');
      await expect(store.delete(key)).rejects.toThrow('key');
      await expect(store.commit(good, key)).rejects.toThrow('key');
      await expect(store.commit(key, keyOf(Buffer.from('x')))).rejects.toThrow('key');
    });
  });
}

const tenant = '01890000-0000-7000-8000-000000000001';
const hex = 'a'.repeat(64);
const hostileKeys = [
  '',
  'tmp',
  'tmp/',
  'tmp/..',
  'tmp/../escape',
  `tmp/${tenant}/..`,
  `tmp/${tenant}\u0000`,
  `tmp/${tenant}\n`,
  `/tmp/${tenant}`,
  `../${tenant}/sha256/${hex}`,
  `${tenant}/sha256/../../../etc/passwd`,
  `${tenant}/sha256/${hex}/x`,
  `${tenant}/sha256/${hex.toUpperCase()}`,
  `${tenant}/md5/${hex}`,
  `..%2f${tenant}/sha256/${hex}`,
];

function keyOf(bytes: Buffer): ArtifactKey {
  return artifactKey(newId(), digestOfBytes(bytes));
}

function chunked(bytes: Buffer): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.subarray(at, at + 65_536));
  return Readable.from(chunks);
}

async function read(store: ObjectStore, key: ArtifactKey | TemporaryKey): Promise<Buffer> {
  return collect(await store.get(key));
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
