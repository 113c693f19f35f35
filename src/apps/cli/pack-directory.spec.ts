import { createReadStream } from 'node:fs';
import {
  access,
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { artifactFile } from './pack-directory.js';

interface Entry extends AsyncIterable<Buffer> {
  readonly header: { readonly name: string; readonly mode?: number };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-pack-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function entriesOf(path: string): Promise<[string, number | undefined, string][]> {
  const found: [string, number | undefined, string][] = [];
  const reader = createReadStream(path).pipe(createGunzip()).pipe(extract());
  for await (const entry of reader as AsyncIterable<Entry>) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    found.push([entry.header.name, entry.header.mode, Buffer.concat(chunks).toString()]);
  }
  return found;
}

async function someFiles() {
  await mkdir(join(folder, 'lib'));
  await writeFile(join(folder, 'server.js'), 'run()');
  await writeFile(join(folder, 'lib', 'a.js'), 'a'.repeat(200_000));
  await writeFile(join(folder, 'empty'), '');
  await writeFile(join(folder, 'start.sh'), '#!/bin/sh');
  await chmod(join(folder, 'start.sh'), 0o755);
  await chmod(join(folder, 'server.js'), 0o600);
}

describe('packing a directory', () => {
  it('takes every file, executable or not', async () => {
    await someFiles();
    const { path, dispose } = await artifactFile(folder);
    expect(await entriesOf(path)).toEqual([
      ['empty', 0o644, ''],
      ['lib/a.js', 0o644, 'a'.repeat(200_000)],
      ['server.js', 0o644, 'run()'],
      ['start.sh', 0o755, '#!/bin/sh'],
    ]);
    await dispose();
    await expect(access(path)).rejects.toThrow('ENOENT');
  });

  it('gives the same bytes for the same content, whenever it was written', async () => {
    await someFiles();
    const first = await artifactFile(folder);
    await utimes(join(folder, 'server.js'), 1, 1);
    const second = await artifactFile(folder);
    expect((await readFile(first.path)).equals(await readFile(second.path))).toBe(true);
    await Promise.all([first.dispose(), second.dispose()]);
  });

  it('refuses links, empty directories and what is not there', async () => {
    await expect(artifactFile(folder)).rejects.toThrow('has no file in it');
    await symlink('/etc/passwd', join(folder, 'link'));
    await expect(artifactFile(folder)).rejects.toThrow('is a link or a special file');
    await expect(artifactFile(join(folder, 'nope'))).rejects.toThrow('cannot be read');
    await expect(artifactFile('/dev/null')).rejects.toThrow('neither a file nor a directory');
  });

  it('leaves a file that was given', async () => {
    const given = join(folder, 'a.tar.gz');
    await writeFile(given, 'x');
    const { path, dispose } = await artifactFile(given);
    await dispose();
    expect([path, await readFile(given, 'utf8')]).toEqual([given, 'x']);
  });
});
