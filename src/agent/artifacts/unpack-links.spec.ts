import { existsSync } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { type ArtifactEntry, buildArchive } from '../../../test/support/artifact.js';
import { unpackArchive } from './unpack.js';
import { walkArchive } from './walk-archive.js';

let home: string;
let out: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidegate-unpack-'));
  out = join(home, 'out');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const file = (name: string, content = name, mode = 0o644): ArtifactEntry => ({
  name,
  content,
  mode,
});
const folder = (name: string, mode = 0o755): ArtifactEntry => ({ name, type: 'directory', mode });
const link = (name: string, linkname: string): ArtifactEntry => ({
  name,
  type: 'symlink',
  linkname,
});
const hard = (name: string, linkname: string): ArtifactEntry => ({ name, type: 'link', linkname });

/** As both see it: the server, which only walks, and the agent, which unpacks. */
async function unpack(...entries: ArtifactEntry[]): Promise<void> {
  const { bytes } = await buildArchive(entries);
  const walked = walkArchive(Readable.from([bytes])).then(() => null, String);
  const unpacked = unpackArchive({ source: Readable.from([bytes]), directory: out });
  expect(await walked).toBe(await unpacked.then(() => null, String));
  await unpacked;
}

const read = (name: string) => readFile(join(out, name), 'utf8');
const modeOf = async (name: string) => (await lstat(join(out, name))).mode & 0o7777;

describe('rights', () => {
  it('of the owner stay, of others never grow, and nobody else may write', async () => {
    await unpack(
      folder('secrets', 0o700),
      file('secrets/key', 'x', 0o600),
      file('data', 'x', 0o640),
      file('run', 'x', 0o777),
      file('owner-runs', 'x', 0o700),
      file('fixed', 'x', 0o444),
      file('unreadable', 'x', 0o001),
      folder('shared', 0o2775),
      folder('sticky', 0o1777),
      folder('closed', 0o555),
      file('closed/inside'),
    );
    const modes = {
      secrets: 0o700,
      'secrets/key': 0o600,
      data: 0o640,
      run: 0o755,
      'owner-runs': 0o700,
      fixed: 0o444,
      unreadable: 0o401,
      shared: 0o755,
      sticky: 0o755,
      closed: 0o755,
    };
    for (const [name, mode] of Object.entries(modes)) {
      expect([name, (await modeOf(name)).toString(8)]).toEqual([name, mode.toString(8)]);
    }
  });

  it('are those of the last entry, for folders, too', async () => {
    await unpack(folder('a', 0o700), file('a/b', 'x', 0o600), file('a/b', 'y'), folder('a'));
    expect([await modeOf('a'), await modeOf('a/b')]).toEqual([0o755, 0o644]);
  });
});

describe('the same path twice', () => {
  const cases: [string, ArtifactEntry[], string][] = [
    ['a file', [file('a', 'old'), file('a', 'new')], 'new'],
    ['a longer file', [file('a', 'old and long'), file('a', 'new')], 'new'],
    ['a read-only file', [file('a', 'old', 0o400), file('a', 'new')], 'new'],
    ['a link by a file', [file('b'), link('a', 'b'), file('a', 'new')], 'new'],
    ['a file by a link', [file('a', 'old'), file('b', 'new'), link('a', 'b')], 'new'],
    [
      'a link by a link',
      [file('b', 'old'), file('c', 'new'), link('a', 'b'), link('a', 'c')],
      'new',
    ],
    ['an empty folder by a file', [folder('a'), file('a', 'new')], 'new'],
    ['an empty folder by a link', [folder('a'), file('b', 'new'), link('a', 'b')], 'new'],
    ['a file by a copy', [file('a', 'old'), file('b', 'new'), hard('a', 'b')], 'new'],
  ];
  it.each(cases)('is the last of them: %s', async (_what, entries, content) => {
    await unpack(...entries);
    expect(await read('a')).toBe(content);
    // What was linked to is not written through.
    if (existsSync(join(out, 'b'))) expect(['b', 'old', 'new']).toContain(await read('b'));
  });

  it('leaves a copy as it was when it was made', async () => {
    await unpack(file('a', 'old'), hard('b', './a'), file('a', 'new'));
    expect([await read('a'), await read('b')]).toEqual(['new', 'old']);
  });

  it('may make a folder of a file or of a link, and keep one', async () => {
    await unpack(file('a'), folder('a'), file('a/x'));
    expect(await readdir(join(out, 'a'))).toEqual(['x']);
    await rm(out, { recursive: true });
    await unpack(folder('b'), link('a', 'b'), folder('a'), file('a/x'), folder('a'));
    expect([await readdir(join(out, 'a')), await readdir(join(out, 'b'))]).toEqual([['x'], []]);
  });

  it('is refused where a full folder would have to go', async () => {
    const full = [folder('a'), file('a/x')];
    for (const last of [file('a'), link('a', 'b'), hard('a', 'a/x')]) {
      await expect(unpack(...full, last)).rejects.toMatchObject({ code: 'archive-name-collision' });
    }
  });
});

describe('a hard link', () => {
  it('is a copy of a file before it, with its rights', async () => {
    await unpack(file('bin/run', '#!', 0o755), hard('bin/same', 'bin/run'));
    expect([await read('bin/same'), await modeOf('bin/same')]).toEqual(['#!', 0o755]);
    expect((await stat(join(out, 'bin/run'))).nlink).toBe(1);
  });

  it('to itself changes nothing, and to a link makes the same link', async () => {
    await unpack(file('a', 'x'), hard('a', 'a'), link('dir/l', '../a'), hard('dir/m', 'dir/l'));
    expect([await read('a'), await readlink(join(out, 'dir/m'))]).toEqual(['x', '../a']);
  });

  const bad: [string, ArtifactEntry[], string][] = [
    ['what comes later', [hard('b', 'a'), file('a')], 'archive-link'],
    ['a folder', [folder('a'), hard('b', 'a')], 'archive-link'],
    ['the outside', [hard('b', '../../etc/passwd')], 'archive-path-unsafe'],
    ['an absolute path', [hard('b', '/etc/passwd')], 'archive-path-unsafe'],
    [
      'a file through a link',
      [folder('d'), file('d/f'), link('l', 'd'), hard('b', 'l/f')],
      'archive-link',
    ],
    [
      'a link that leaves from its new place',
      [link('d/l', '../x'), hard('m', 'd/l')],
      'archive-link',
    ],
  ];
  it.each(bad)('to %s is refused', async (_what, entries, code) => {
    await expect(unpack(...entries)).rejects.toMatchObject({ code });
    expect(await readdir(home)).toEqual([]);
  });
});

describe('a symbolic link', () => {
  it('that stays inside arrives as it was', async () => {
    await unpack(
      file('node_modules/tool/cli.js', 'tool', 0o755),
      link('node_modules/.bin/tool', '../tool/cli.js'),
      folder('venv/lib'),
      link('venv/lib64', 'lib'),
      link('node_modules/self', '..'),
      link('current', './releases/../venv/lib64/'),
      link('logs', 'made/when/it/runs'),
      link('file-is-no-folder', 'node_modules/tool/cli.js/x'),
    );
    expect(await read('node_modules/.bin/tool')).toBe('tool');
    expect(await readlink(join(out, 'node_modules/.bin/tool'))).toBe('../tool/cli.js');
    expect(await realpath(join(out, 'current')).catch(() => 'nowhere')).toBe('nowhere');
    expect(await realpath(join(out, 'venv/lib64'))).toBe(join(await realpath(out), 'venv/lib'));
    expect(await realpath(join(out, 'node_modules/self'))).toBe(await realpath(out));
    expect(await readlink(join(out, 'logs'))).toBe('made/when/it/runs');
  });

  it('may come before what it leads to', async () => {
    await unpack(link('a', 'b'), link('b', 'c/d'), file('c/d', 'x'));
    expect(await read('a')).toBe('x');
  });

  const bad: [string, ArtifactEntry[]][] = [
    ['is absolute', [link('a', '/etc/passwd')]],
    ['has a drive letter', [link('a', 'C:/x')]],
    ['leads out', [link('a', '../x')]],
    ['leads out and in again', [link('a', '../out/b'), file('b')]],
    ['leads out of a folder', [link('d/a', '../../x')]],
    ['leads out behind a missing folder', [link('a', 'missing/../../x')]],
    ['leads out behind a file', [file('f'), link('a', 'f/../../x')]],
    [
      'leads out through a link upwards',
      [folder('d/e'), link('up', 'd/e/..'), link('a', 'up/../../x')],
    ],
    ['leads out through another link', [link('d/e/b', '../..'), link('a', 'd/e/b/../x')]],
    ['leads out through a later link', [link('a', 'b/../x'), link('b', '.')]],
    ['leads out through a link to nowhere', [link('b', 'missing'), link('a', 'b/../../x')]],
    ['leads to itself', [link('a', 'a')]],
    ['leads to itself through a folder', [link('a', 'a/b')]],
    ['leads in a circle', [link('a', 'b'), link('b', 'c'), link('c', 'a')]],
    ['leads out under another case', [folder('Dir'), link('a', 'dir/x')]],
  ];
  it.each(bad)('that %s is refused', async (_what, entries) => {
    const code = expect.stringMatching(/^archive-(link|name-collision)$/) as string;
    await expect(unpack(...entries)).rejects.toMatchObject({ code });
    expect(await readdir(home)).toEqual([]);
  });

  it('says which option helps', async () => {
    const interpreter = unpack(link('venv/bin/python', '/usr/bin/python3'));
    await expect(interpreter).rejects.toThrow(
      '"venv/bin/python" is a link to "/usr/bin/python3", which is not in the artifact; pack what it leads to: tar with --dereference',
    );
    await expect(interpreter).rejects.toThrow('python -m venv with --copies');
  });

  it('is followed as often as Linux would, and not once more', async () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, at) => link(`l${at + 1}`, at === 0 ? 'f' : `l${at}`));
    await unpack(file('f', 'x'), ...chain(40));
    expect(await read('l40')).toBe('x');
    await rm(out, { recursive: true });
    // In the worst order for whoever resolves it, too.
    for (const links of [chain(41), chain(5000).reverse()]) {
      await expect(unpack(file('f'), ...links)).rejects.toMatchObject({ code: 'archive-link' });
    }
    // Each doubles the links on the way: 2^20 of them.
    const doubled = Array.from({ length: 20 }, (_, at) => link(`d${at + 1}`, `d${at}/../d${at}`));
    await expect(unpack(folder('d0'), ...doubled)).rejects.toMatchObject({ code: 'archive-link' });
  });

  it('is never written through', async () => {
    const outside = join(home, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'kept'), 'kept');
    const attempts = [
      [link('d', '../outside'), file('d/kept', 'evil')],
      [link('d', '../outside/kept'), file('d', 'evil')],
      [link('d', outside), folder('d'), file('d/kept', 'evil')],
      [folder('real'), link('d', 'real'), file('d/x', 'evil')],
    ];
    for (const entries of attempts) {
      await unpack(...entries).catch(() => undefined);
      await rm(out, { recursive: true, force: true });
    }
    expect(await readFile(join(outside, 'kept'), 'utf8')).toBe('kept');
    expect(await readdir(outside)).toEqual(['kept']);
    expect(await readdir(home)).toEqual(['outside']);
  });
});

it('is all inside or nothing, wherever links lead', async () => {
  const name = fc
    .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('/'));
  const target = fc
    .array(fc.constantFrom('a', 'b', 'c', '..', '.', 'x'), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('/'));
  const entry = fc.oneof(
    { weight: 2, arbitrary: name.map((one) => file(one)) },
    { weight: 1, arbitrary: name.map((one) => folder(one)) },
    { weight: 1, arbitrary: fc.tuple(name, name).map(([one, other]) => hard(one, other)) },
    { weight: 3, arbitrary: fc.tuple(name, target).map(([one, other]) => link(one, other)) },
  );
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 6 }), async (entries) => {
      await rm(out, { recursive: true, force: true });
      const isAccepted = await unpack(...entries).then(
        () => true,
        (error: { code?: string }) => {
          expect(error.code).toMatch(/^archive-/);
          return false;
        },
      );
      expect(await readdir(home)).toEqual(isAccepted ? ['out'] : []);
      if (!isAccepted) return;
      accepted += 1;
      const root = await realpath(out);
      for (const found of await readdir(out, { withFileTypes: true, recursive: true })) {
        const path = join(found.parentPath, found.name);
        // Nowhere, or inside. What is nowhere must not become the outside when somebody makes it.
        const real = await realpath(path).catch(() => root);
        expect(real === root || real.startsWith(root + sep)).toBe(true);
      }
    }),
    { numRuns: 400 },
  );
  expect(accepted).toBeGreaterThan(40);
});
