import { existsSync, readlinkSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { type ArtifactEntry, buildArchive } from '../../../test/support/artifact.js';
import { archiveCaps } from './archive/archive-caps.js';
import { unpackArchive } from './unpack.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-unpack-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function unpack(entries: readonly ArtifactEntry[], caps = archiveCaps) {
  const { bytes, artifactDigest } = await buildArchive(entries);
  const source = Readable.from([bytes]);
  return unpackArchive({ source, directory: join(home, 'out'), digest: artifactDigest, caps });
}

it('unpacks files, folders and executable bits', async () => {
  await unpack([
    { name: './', type: 'directory' },
    { name: 'bin/', type: 'directory' },
    { name: 'bin/run.sh', content: '#!/bin/sh\n', mode: 0o755 },
    { name: './data/empty', content: '' },
  ]);
  expect(await readFile(join(home, 'out/bin/run.sh'), 'utf8')).toBe('#!/bin/sh\n');
  expect((await stat(join(home, 'out/bin/run.sh'))).mode & 0o777 & 0o111).not.toBe(0);
  expect((await stat(join(home, 'out/data/empty'))).size).toBe(0);
  expect(await readdir(home)).toEqual(['out']);
});

it('is on disk, every file and folder of it, before it has its name', async () => {
  const handle = await open(home);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const out = join(home, 'out');
  const synced = { before: new Set<string>(), after: new Set<string>() };
  const sync = Reflect.get<FileHandle, 'sync'>(prototype, 'sync');
  const spy = jest.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`).replace(/out\.partial-[^/]+/, 'out');
    synced[existsSync(out) ? 'after' : 'before'].add(path);
    return sync.call(this);
  });
  try {
    await unpack([{ name: 'a' }, { name: 'bin/b', content: 'x' }, { name: 'bin/deep/c' }]);
  } finally {
    spy.mockRestore();
  }
  const parts = ['.', 'a', 'bin', 'bin/b', 'bin/deep', 'bin/deep/c'];
  expect(synced.before).toEqual(new Set(parts.map((part) => join(out, part))));
  // The name itself.
  expect(synced.after).toEqual(new Set([home]));
});

const hostile: [string, string, ArtifactEntry[]][] = [
  ['an absolute path', 'archive-path-unsafe', [{ name: '/etc/x' }]],
  ['a parent component', 'archive-path-unsafe', [{ name: 'a/../../x' }]],
  ['a leading parent', 'archive-path-unsafe', [{ name: '../x' }]],
  ['a drive letter', 'archive-path-unsafe', [{ name: 'C:/x' }]],
  ['a backslash', 'archive-path-unsafe', [{ name: '..\\x' }]],
  ['a control character', 'archive-path-unsafe', [{ name: 'a\u0007' }]],
  ['an empty component', 'archive-path-unsafe', [{ name: 'a//b' }]],
  ['a hard link to nothing', 'archive-link', [{ name: 'a', type: 'link', linkname: 'b' }]],
  ['a fifo', 'archive-special-file', [{ name: 'a', type: 'fifo' }]],
  ['a character device', 'archive-special-file', [{ name: 'a', type: 'character-device' }]],
  ['a block device', 'archive-special-file', [{ name: 'a', type: 'block-device' }]],
  ['a setuid bit', 'archive-setuid', [{ name: 'a', mode: 0o4755 }]],
  ['a setgid bit', 'archive-setuid', [{ name: 'a', mode: 0o2755 }]],
  ['names that differ in case', 'archive-name-collision', [{ name: 'Readme' }, { name: 'README' }]],
  ['folders that differ in case', 'archive-name-collision', [{ name: 'A/x' }, { name: 'a/y' }]],
  ['a file used as a folder', 'archive-name-collision', [{ name: 'a' }, { name: 'a/b' }]],
  ['two forms of one letter', 'archive-name-collision', [{ name: '\u00e9' }, { name: 'e\u0301' }]],
];

it.each(hostile)('refuses %s and leaves nothing behind', async (_what, code, entries) => {
  await expect(unpack([{ name: 'good', content: 'x' }, ...entries])).rejects.toMatchObject({
    code,
  });
  expect(await readdir(home)).toEqual([]);
});

it('refuses more entries, bytes or longer paths than the caps allow', async () => {
  const caps = { ...archiveCaps, files: 2, totalBytes: 4096, pathBytes: 20 };
  const three = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
  await expect(unpack(three, caps)).rejects.toMatchObject({ code: 'archive-too-many-files' });
  const large = [{ name: 'a', content: 'x'.repeat(5000) }];
  await expect(unpack(large, caps)).rejects.toMatchObject({ code: 'archive-too-large' });
  const long = [{ name: 'x'.repeat(21) }];
  await expect(unpack(long, caps)).rejects.toMatchObject({ code: 'archive-path-too-long' });
  const implied = [{ name: 'a/b/c' }];
  await expect(unpack(implied, caps)).rejects.toMatchObject({ code: 'archive-too-many-files' });
  const deep = { ...archiveCaps, depth: 3 };
  await expect(unpack([{ name: 'a/b/c' }], deep)).resolves.toMatchObject({ files: 1 });
  await rm(join(home, 'out'), { recursive: true });
  const deeper = unpack([{ name: 'a/b/c/d' }], deep);
  await expect(deeper).rejects.toMatchObject({ code: 'archive-path-too-deep' });
  const names = unpack([{ name: 'abcd' }, { name: 'efgh' }], { ...archiveCaps, namesBytes: 7 });
  await expect(names).rejects.toMatchObject({ code: 'archive-path-too-long' });
});

it('counts a copy by a hard link like the file itself', async () => {
  const caps = { ...archiveCaps, totalBytes: 100_000 };
  const content = 'x'.repeat(30_000);
  const copies = (count: number): ArtifactEntry[] => [
    { name: 'a', content },
    ...Array.from({ length: count }, (_, at) => ({
      name: `copy-${at}`,
      type: 'link' as const,
      linkname: 'a',
    })),
  ];
  await expect(unpack(copies(3), caps)).rejects.toMatchObject({ code: 'archive-too-large' });
  await unpack(copies(2), caps);
  expect(await readFile(join(home, 'out/copy-1'), 'utf8')).toBe(content);
});

it('refuses an archive that swells beyond the ratio', async () => {
  const bomb = [{ name: 'zeros', content: Buffer.alloc(40 * 1024 * 1024) }];
  await expect(unpack(bomb)).rejects.toMatchObject({ code: 'archive-ratio' });
  expect(await readdir(home)).toEqual([]);
});

it('refuses what is truncated, not gzip, or not tar', async () => {
  const { bytes } = await buildArchive([{ name: 'a', content: 'x'.repeat(100_000) }]);
  const bad = [
    bytes.subarray(0, bytes.length - 20),
    Buffer.from('no gzip at all'),
    Buffer.alloc(0),
    gzipSync(Buffer.alloc(700, 'x')),
  ];
  for (const part of bad) {
    const run = unpackArchive({ source: Readable.from([part]), directory: join(home, 'out') });
    await expect(run).rejects.toMatchObject({ code: 'archive-damaged' });
  }
  expect(await readdir(home)).toEqual([]);
});

it('refuses bytes of another digest even when the archive itself is fine', async () => {
  const { bytes } = await buildArchive([{ name: 'a', content: 'evil' }]);
  const run = unpackArchive({
    source: Readable.from([bytes]),
    directory: join(home, 'out'),
    digest: `sha256:${'0'.repeat(64)}`,
  });
  await expect(run).rejects.toMatchObject({ code: 'artifact-digest-mismatch' });
  expect(await readdir(home)).toEqual([]);
});

it('lets nothing land outside its folder, whatever the names', async () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '',
    'a',
    'B',
    'b',
    '/',
    '\\',
    'C:',
    'x\u0000y',
    'é',
    '~',
  );
  const entry = fc.record({
    name: fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/')),
    type: fc.constantFrom('file' as const, 'directory' as const, 'symlink' as const),
    linkname: fc.constant('../..'),
    content: fc.string({ maxLength: 20 }),
    mode: fc.constantFrom(0o644, 0o755, 0o4755),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 5 }), async (entries) => {
      const { bytes } = await buildArchive(entries.filter((one) => one.name !== ''));
      const inner = join(home, 'inner');
      await rm(inner, { recursive: true, force: true });
      const directory = join(inner, 'deep/out');
      await unpackArchive({ source: Readable.from([bytes]), directory }).catch(() => undefined);
      expect(await readdir(home)).toEqual(['inner']);
      expect(await readdir(inner)).toEqual(['deep']);
      const left = await readdir(join(inner, 'deep'));
      expect(left.filter((name) => name !== 'out')).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
