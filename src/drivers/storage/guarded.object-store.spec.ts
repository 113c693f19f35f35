import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { jest } from '@jest/globals';
import { objectStoreConformance } from '../../../test/support/conformance/object-store.js';
import { eventually } from '../../../test/support/eventually.js';
import { DomainError } from '../../kernel/errors.js';
import { FilesystemObjectStore } from './filesystem/filesystem.object-store.js';
import { GuardedObjectStore } from './guarded.object-store.js';
import { newTemporaryKey, objectNotFound, type ObjectStore } from './object-store.js';

const observer = { failed: jest.fn(), refused: jest.fn(), changed: jest.fn() };
beforeEach(() => jest.clearAllMocks());

objectStoreConformance('a guarded file system', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tidegate-store-'));
  const store = new GuardedObjectStore(
    await FilesystemObjectStore.open(join(directory, 'objects')),
    observer,
  );
  return { store, close: () => rm(directory, { recursive: true, force: true }) };
});

const key = newTemporaryKey();
const times = { deadlineMs: 50, openMs: 100, stallMs: 50 };
const never = () => new Promise<never>(() => undefined);

/** A store whose calls do what the test says. */
function guarded(change: Partial<ObjectStore>): GuardedObjectStore {
  return new GuardedObjectStore(change as ObjectStore, observer, times);
}

const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof DomainError ? error.code : String(error)),
  );

describe('a store that hangs', () => {
  it('is given up at the deadline, with an error that may be tried again', async () => {
    const error = await guarded({ stat: never })
      .stat(key)
      .catch((each: unknown) => each);
    expect(error).toMatchObject({ kind: 'unavailable', code: 'storage-unavailable' });
    expect(observer.failed).toHaveBeenCalledTimes(1);
  });

  it('in the middle of an object fails the stream instead of its reader for ever', async () => {
    const half = new PassThrough();
    half.write('half');
    const stream = await guarded({ get: async () => half }).get(key);
    const read = async () => {
      for await (const _ of stream);
    };
    expect(await problemOf(read())).toBe('storage-unavailable');
    expect(half.destroyed).toBe(true);
  });

  it('may be read slowly: only its own time counts', async () => {
    const store = guarded({ get: async () => Readable.from([Buffer.from('a'), Buffer.from('b')]) });
    let text = '';
    for await (const chunk of await store.get(key)) {
      text += String(chunk);
      await new Promise((resolve) => setTimeout(resolve, 2 * times.stallMs));
    }
    expect(text).toBe('ab');
  });
});

describe('the circuit breaker', () => {
  it('opens after five failures in a row, refuses at once, and closes when it answers', async () => {
    const stat = jest.fn<ObjectStore['stat']>(never);
    const store = guarded({ stat });
    for (let count = 0; count < 5; count += 1) await problemOf(store.stat(key));
    expect(observer.changed.mock.calls).toEqual([[true]]);
    expect(await problemOf(store.stat(key))).toBe('storage-unavailable');
    expect(stat).toHaveBeenCalledTimes(5);
    expect(observer.refused).toHaveBeenCalledTimes(1);
    stat.mockResolvedValue({ bytes: 1 });
    await eventually(async () => expect(await store.stat(key)).toEqual({ bytes: 1 }));
    expect(observer.changed.mock.calls).toEqual([[true], [false]]);
  });

  it('does not take an answer for an outage', async () => {
    const store = guarded({ get: () => Promise.reject(objectNotFound(key)) });
    for (let count = 0; count < 20; count += 1) {
      expect(await problemOf(store.get(key))).toBe('object-not-found');
    }
    expect(observer.failed).not.toHaveBeenCalled();
  });

  it('lets nobody’s upload hang on it, and takes its source away', async () => {
    const store = guarded({
      put: () => Promise.reject(new DomainError('unavailable', 'storage-unavailable', 'gone')),
    });
    for (let count = 0; count < 6; count += 1) {
      const source = Readable.from([Buffer.from('x')]);
      expect(await problemOf(store.put(key, source, { maxBytes: 1 }))).toBe('storage-unavailable');
      expect(source.destroyed).toBe(true);
    }
    expect(observer.refused).toHaveBeenCalledTimes(1);
  });
});
