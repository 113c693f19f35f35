import { chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { objectStoreConformance } from '../../../../test/support/conformance/object-store.js';
import { digestOfBytes } from '../../../kernel/digest.js';
import { newId } from '../../../kernel/ids.js';
import { artifactKey, newTemporaryKey } from '../object-store.js';
import { objectStores } from '../object-stores.js';
import { FilesystemObjectStore } from './filesystem.object-store.js';

const fresh = () => mkdtemp(join(tmpdir(), 'tidegate-store-'));

objectStoreConformance('the file system', async () => {
  const directory = await fresh();
  const store = await FilesystemObjectStore.open(join(directory, 'objects'));
  return { store, close: () => rm(directory, { recursive: true, force: true }) };
});

describe('the file system', () => {
  let directory: string;
  beforeEach(async () => (directory = await fresh()));
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('lets nobody else read folders and files, also where the folder was open before', async () => {
    await chmod(directory, 0o755);
    const store = await FilesystemObjectStore.open(directory);
    const temporary = newTemporaryKey();
    await store.put(temporary, Readable.from([Buffer.from('x')]), { maxBytes: 10 });
    const tenantId = newId();
    await store.commit(temporary, artifactKey(tenantId, digestOfBytes(Buffer.from('x'))));
    const file = artifactKey(tenantId, digestOfBytes(Buffer.from('x')));
    const path = join(directory, file);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const folder of [directory, join(directory, 'tmp'), dirname(path), dirname(dirname(path))])
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('does not follow a link that somebody planted under a key', async () => {
    const store = await FilesystemObjectStore.open(directory);
    await writeFile(join(directory, 'secret'), 'secret');
    const key = newTemporaryKey();
    await symlink(join(directory, 'secret'), join(directory, key));
    await expect(store.get(key)).rejects.toMatchObject({ code: 'storage-unavailable' });
    const put = store.put(key, Readable.from([Buffer.from('x')]), { maxBytes: 10 });
    await expect(put).rejects.toMatchObject({ code: 'storage-unavailable' });
  });

  it('opens from the list of kinds and refuses a path that depends on where it was started', async () => {
    const store = await objectStores.get('filesystem').open({ directory: join(directory, 'a/b') });
    expect(await store.sweepTemporary(0)).toBe(0);
    expect(await readdir(join(directory, 'a/b'))).toEqual(['tmp']);
    const relative = async () => objectStores.get('filesystem').open({ directory: 'objects' });
    await expect(relative()).rejects.toThrow('absolute');
  });
});
