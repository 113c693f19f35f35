import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import {
  access,
  chmod,
  lutimes,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { artifactFile } from './pack-directory.js';

interface Entry extends AsyncIterable<Buffer> {
  readonly header: { readonly name: string; readonly mode?: number; readonly linkname?: string };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-pack-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Name, rights, and the content or where it leads. */
async function entriesOf(path: string): Promise<[string, string, string][]> {
  const found: [string, string, string][] = [];
  const reader = createReadStream(path).pipe(createGunzip()).pipe(extract());
  for await (const entry of reader as AsyncIterable<Entry>) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    const { name, mode = 0, linkname } = entry.header;
    found.push([name, mode.toString(8), linkname ?? shortened(Buffer.concat(chunks).toString())]);
  }
  return found;
}

const shortened = (text: string) => (text.length > 100 ? `${text.length} ${text[0]}` : text);

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
  it('takes every file and folder with the rights of its owner, and links as they are', async () => {
    await someFiles();
    await mkdir(join(folder, 'logs', 'old'), { recursive: true });
    await chmod(join(folder, 'logs'), 0o2770);
    await symlink('../lib/a.js', join(folder, 'logs', 'a'));
    await symlink('/usr/bin/env', join(folder, 'outside'));
    await symlink('server.js', join(folder, 'z'));
    const { path, dispose } = await artifactFile(folder);
    expect(await entriesOf(path)).toEqual([
      ['empty', '644', ''],
      ['lib/', '755', ''],
      ['lib/a.js', '644', '200000 a'],
      ['logs/', '750', ''],
      ['logs/a', '755', '../lib/a.js'],
      ['logs/old/', '755', ''],
      // For the server to judge.
      ['outside', '755', '/usr/bin/env'],
      ['server.js', '600', 'run()'],
      ['start.sh', '755', '#!/bin/sh'],
      ['z', '755', 'server.js'],
    ]);
    await dispose();
    await expect(access(path)).rejects.toThrow('ENOENT');
  });

  it('gives the same bytes for the same content, whenever it was written', async () => {
    await someFiles();
    await mkdir(join(folder, 'logs'));
    await symlink('lib/a.js', join(folder, 'link'));
    const names = ['\uff5e', '\u{1f30a}', 'e\u0301', 'B', 'a', '_'];
    for (const name of names) await writeFile(join(folder, name), '');
    const first = await artifactFile(folder);
    // The same once more, made in another order at another time.
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await symlink('lib/a.js', join(folder, 'link'));
    for (const name of names.reverse()) await writeFile(join(folder, name), '');
    await mkdir(join(folder, 'logs'));
    await someFiles();
    await utimes(join(folder, 'server.js'), 1, 1);
    await lutimes(join(folder, 'link'), 1, 1);
    const second = await artifactFile(folder);
    expect((await readFile(first.path)).equals(await readFile(second.path))).toBe(true);
    // By their bytes, as every other program sorts them, and not by UTF-16.
    const order = (await entriesOf(first.path)).map(([name]) => name);
    expect(order.slice(-2)).toEqual(['\uff5e', '\u{1f30a}']);
    await Promise.all([first.dispose(), second.dispose()]);
  });

  it('packs what the reader takes, whatever the names', async () => {
    const long = 'n'.repeat(200);
    await mkdir(join(folder, long, long), { recursive: true });
    await writeFile(join(folder, long, long, '\u{1f30a} e\u0301'), 'x');
    await symlink(`${long}/${long}`, join(folder, 'l'.repeat(150)));
    await writeFile(join(folder, 'closed'), 'x', { mode: 0o000 });
    const { path, dispose } = await artifactFile(folder);
    const entries = await entriesOf(path);
    expect(entries).toEqual([
      ['closed', '400', 'x'],
      ['l'.repeat(150), '755', `${long}/${long}`],
      [`${long}/`, '755', ''],
      [`${long}/${long}/`, '755', ''],
      [`${long}/${long}/\u{1f30a} e\u0301`, '644', 'x'],
    ]);
    await dispose();
  });

  it('refuses what packing would lose, and says where it is', async () => {
    await expect(artifactFile(folder)).rejects.toThrow('has no file in it');
    await mkdir(join(folder, 'only', 'folders'), { recursive: true });
    await expect(artifactFile(folder)).rejects.toThrow('has no file in it');
    const server = createServer().listen(join(folder, 'only', 'socket'));
    await once(server, 'listening');
    await expect(artifactFile(folder)).rejects.toThrow('only/socket is a socket, a pipe');
    await new Promise((resolve) => server.close(resolve));
    const latin1 = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('caf\u00e9', 'latin1')]);
    await writeFile(latin1, 'x');
    await expect(artifactFile(folder)).rejects.toThrow(
      'has the name "caf\\xe9", which is not UTF-8',
    );
    await rm(latin1);
    await symlink(Buffer.from('caf\u00e9', 'latin1'), join(folder, 'link'));
    await expect(artifactFile(folder)).rejects.toThrow('"caf\\xe9"');
    await rm(join(folder, 'link'));
    await writeFile(join(folder, 'sudo'), 'x');
    await chmod(join(folder, 'sudo'), 0o4755);
    await expect(artifactFile(folder)).rejects.toThrow('sudo has a setuid or setgid bit');
  });

  it('refuses what is not there or no folder', async () => {
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
