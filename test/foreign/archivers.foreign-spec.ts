import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  cp,
  link,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { artifactFile } from '../../src/apps/cli/pack-directory.js';
import { asReleased, folderSnapshot, type FolderSnapshot } from '../support/folder-snapshot.js';
import { foreignProgram } from '../support/installed-program.js';
import { releaseRoad, type ReleaseRoad } from '../support/release-road.js';

// A compiler and a package manager are among these programs.
jest.setTimeout(300_000);

const run = promisify(execFile);
const goSource = fileURLToPath(new URL('programs/pack.go', import.meta.url));

let road: ReleaseRoad;
let home: string;
let tree: string;
let bsdtar: string;

beforeAll(async () => {
  road = await releaseRoad();
  home = await mkdtemp(join(tmpdir(), 'tidegate-archivers-'));
  tree = join(home, 'tree');
  await plant(tree);
  bsdtar = await foreignProgram({ name: 'bsdtar', package: 'libarchive-tools' });
});
afterAll(async () => {
  await rm(home, { recursive: true, force: true });
  await road.close();
});

/** All that people have in their folders: every kind of name, rights and link that an artifact may hold. */
async function plant(folder: string): Promise<void> {
  const files: [string, string | Buffer, number][] = [
    ['server.mjs', 'console.log(1)\n', 0o644],
    ['bin/start.sh', '#!/bin/sh\n', 0o755],
    ['secrets/key.pem', 'key', 0o600],
    ['secrets/only-run', 'x', 0o700],
    ['fixed', 'x', 0o444],
    ['of the group', 'x', 0o664],
    ['empty', '', 0o644],
    ['noise.bin', randomBytes(300_000), 0o644],
    ['block', Buffer.alloc(512, 'b'), 0o644],
    ['gr\u00fc\u00dfe/\u6f22\u5b57 \u{1f30a}.txt', 'unicode', 0o644],
    ['._resource', 'what macOS adds', 0o644],
    [`${'n'.repeat(100)}/f`, 'prefix', 0o644],
    [`${'p/'.repeat(25)}${'n'.repeat(99)}`, 'long', 0o644],
    [`long/${'n'.repeat(240)}/${'m'.repeat(240)}`, 'longer', 0o644],
  ];
  for (const [name, content, mode] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
    await chmod(join(folder, name), mode);
  }
  await mkdir(join(folder, 'logs/old'), { recursive: true });
  await chmod(join(folder, 'secrets'), 0o700);
  await chmod(join(folder, 'logs'), 0o2775);
  await symlink('bin/start.sh', join(folder, 'start'));
  await symlink('../secrets', join(folder, 'bin/secrets'));
  await symlink('later.log', join(folder, 'logs/current'));
  await symlink(`long/${'n'.repeat(240)}`, join(folder, 'far'));
  await link(join(folder, 'noise.bin'), join(folder, 'bin/noise-again.bin'));
}

async function packed(program: string, ...options: string[]): Promise<Buffer> {
  const archive = join(home, 'artifact.tar.gz');
  await rm(archive, { force: true });
  const filled = options.map((option) => option.replace('ARCHIVE', archive).replace('TREE', tree));
  await run(program, filled, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  return readFile(archive);
}

async function expectArrived(artifact: Buffer, expected: FolderSnapshot): Promise<void> {
  expect(await folderSnapshot(await road.arrive(artifact))).toEqual(asReleased(expected));
}

describe('a folder arrives as it was, packed by', () => {
  const python = `
import sys, tarfile
archive, tree, form = sys.argv[1:]
with tarfile.open(archive, "w:gz", format=getattr(tarfile, form)) as tar:
    tar.add(tree, arcname=".")
`;
  const archivers: [string, () => [string, ...string[]]][] = [
    ['tar', () => ['tar', '-czf', 'ARCHIVE', '-C', 'TREE', '.']],
    ['tar --format=posix', () => ['tar', '-czf', 'ARCHIVE', '--format=posix', '-C', 'TREE', '.']],
    ['tar with a label', () => ['tar', '-czf', 'ARCHIVE', '--label=mine', '-C', 'TREE', '.']],
    [
      'tar --xattrs --acls',
      () => ['tar', '--xattrs', '--acls', '-czf', 'ARCHIVE', '-C', 'TREE', '.'],
    ],
    ['bsdtar', () => [bsdtar, '-czf', 'ARCHIVE', '-C', 'TREE', '.']],
    ['bsdtar --format=pax', () => [bsdtar, '-czf', 'ARCHIVE', '--format=pax', '-C', 'TREE', '.']],
    [
      'bsdtar --format=gnutar',
      () => [bsdtar, '-czf', 'ARCHIVE', '--format=gnutar', '-C', 'TREE', '.'],
    ],
    ['python, pax', () => ['python3', '-c', python, 'ARCHIVE', 'TREE', 'PAX_FORMAT']],
    ['python, gnu', () => ['python3', '-c', python, 'ARCHIVE', 'TREE', 'GNU_FORMAT']],
  ];
  it.each(archivers)('%s', async (_what, command) => {
    await expectArrived(await packed(...command()), await folderSnapshot(tree));
  });

  it('go', async () => {
    const program = join(home, 'pack');
    const go = await foreignProgram({ name: 'go', package: 'golang-go' });
    const env = { ...process.env, GO111MODULE: 'off', GOCACHE: join(home, 'go-cache') };
    await run(go, ['build', '-o', program, goSource], { env });
    for (const format of ['unset', 'pax', 'gnu']) {
      const artifact = await packed(program, format, 'TREE', 'ARCHIVE');
      await expectArrived(artifact, await folderSnapshot(tree));
    }
  });

  it('the command line itself', async () => {
    const { path, dispose } = await artifactFile(tree);
    await expectArrived(await readFile(path), await folderSnapshot(tree));
    await dispose();
  });

  it('tar and bsdtar in the formats that have no room for long names', async () => {
    const short = join(home, 'short');
    await cp(tree, short, { recursive: true, verbatimSymlinks: true });
    for (const name of ['long', 'far', 'p', 'n'.repeat(100)]) {
      await rm(join(short, name), { recursive: true });
    }
    for (const program of ['tar', bsdtar]) {
      for (const format of ['ustar', 'v7']) {
        const options = ['-czf', 'ARCHIVE', `--format=${format}`, '-C', short, '.'];
        await expectArrived(await packed(program, ...options), await folderSnapshot(short));
      }
    }
  });

  it('git archive, links and rights among it', async () => {
    const repository = join(home, 'repository');
    await cp(tree, repository, { recursive: true, verbatimSymlinks: true });
    const git = (...options: string[]) => {
      const who = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
      return run('git', ['-C', repository, ...who, ...options]);
    };
    await git('init', '-q');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'x');
    const archive = join(home, 'git.tar.gz');
    await git('archive', '--format=tar.gz', '-o', archive, 'HEAD');
    // Git knows no empty folders, and of rights only whether it can be run.
    await rm(join(repository, '.git'), { recursive: true });
    await rm(join(repository, 'logs/old'), { recursive: true });
    const expected = Object.entries(await folderSnapshot(repository)).map(([path, what]) => [
      path,
      what
        .replace(/^folder .*/, 'folder 755')
        .replace(
          /^file (\d)\d\d/,
          (_all, owner: string) => `file ${Number(owner) & 1 ? 755 : 644}`,
        ),
    ]);
    const arrived = await folderSnapshot(await road.arrive(await readFile(archive)));
    expect(arrived).toEqual(Object.fromEntries(expected));
  });

  it('npm pack', async () => {
    const project = join(home, 'project');
    await cp(tree, project, { recursive: true, verbatimSymlinks: true });
    // npm leaves links out, and knows one kind of rights.
    const manifest = JSON.stringify({
      name: 'x',
      version: '1.0.0',
      files: ['server.mjs', 'bin', 'noise.bin'],
    });
    await writeFile(join(project, 'package.json'), manifest);
    await run('npm', ['pack', '--silent', '--pack-destination', home], { cwd: project });
    const arrived = await road.arrive(await readFile(join(home, 'x-1.0.0.tgz')));
    for (const name of [
      'package.json',
      'server.mjs',
      'bin/start.sh',
      'noise.bin',
      'bin/noise-again.bin',
    ]) {
      const [there, here] = [join(arrived, 'package', name), join(project, name)];
      expect((await readFile(there)).equals(await readFile(here))).toBe(true);
    }
  });

  it('tar -r, the last of a name', async () => {
    const folder = join(home, 'appended');
    const plain = join(home, 'appended.tar');
    await mkdir(folder);
    await writeFile(join(folder, 'a'), 'old');
    await run('tar', ['-cf', plain, '-C', folder, '.']);
    await writeFile(join(folder, 'a'), 'new and longer');
    await run('tar', ['-rf', plain, '-C', folder, './a']);
    await run('gzip', [plain]);
    await expectArrived(await readFile(`${plain}.gz`), await folderSnapshot(folder));
  });
});

describe('a sparse file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(home, 'sparse');
    await mkdir(folder);
    const file = await open(join(folder, 'disk.img'), 'w');
    await file.write('begin', 0);
    await file.write('end', 8 * 1024 * 1024);
    await file.close();
  });

  const archivers: [string, () => [string, ...string[]]][] = [
    ['tar -S', () => ['tar', '-S']],
    ['tar -S --format=posix', () => ['tar', '-S', '--format=posix']],
    ['tar --sparse-version=0.1', () => ['tar', '-S', '--format=posix', '--sparse-version=0.1']],
    ['tar --sparse-version=0.0', () => ['tar', '-S', '--format=posix', '--sparse-version=0.0']],
    ['bsdtar by itself', () => [bsdtar]],
    ['bsdtar --format=pax', () => [bsdtar, '--format=pax']],
  ];
  it.each(archivers)(
    'of %s is refused, and arrives with the option that is named',
    async (_what, command) => {
      const [program, ...options] = command();
      const sparse = await packed(program, ...options, '-czf', 'ARCHIVE', '-C', folder, '.');
      const { status, body } = await road.push(sparse);
      expect(status).toBe(422);
      expect(body).toMatchObject({ code: 'archive-unsupported' });
      expect(body.detail).toContain('disk.img"');
      expect(body.detail).toContain('GNU tar without --sparse, bsdtar with --no-read-sparse');
      const whole = [...options.filter((one) => one !== '-S' && !one.includes('sparse'))];
      if (program === bsdtar) whole.push('--no-read-sparse');
      const artifact = await packed(program, ...whole, '-czf', 'ARCHIVE', '-C', folder, '.');
      await expectArrived(artifact, await folderSnapshot(folder));
    },
  );
});

describe('what is refused', () => {
  it('is a name in Latin-1, whoever packs it', async () => {
    const folder = join(home, 'latin1');
    await mkdir(folder);
    await writeFile(
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('caf\u00e9', 'latin1')]),
      'x',
    );
    const archivers = [
      ['tar'],
      ['tar', '--format=posix'],
      [bsdtar, '--format=gnutar'],
      [bsdtar, '--format=pax'],
    ];
    for (const [program, ...options] of archivers) {
      const artifact = await packed(
        program!,
        ...options,
        '-czf',
        'ARCHIVE',
        '-C',
        folder,
        '.',
      ).catch(
        // It packs all the same, and ends with 1 because it cannot convert the name.
        () => readFile(join(home, 'artifact.tar.gz')),
      );
      const { body } = await road.push(artifact);
      expect(body).toMatchObject({ code: 'archive-name-not-utf8' });
      expect(body.detail).toContain('caf\\xe9"');
    }
  });

  it('is an incremental backup, and a hard link whose file was left out', async () => {
    const list = `--listed-incremental=${join(home, 'list')}`;
    const options = [list, '-czf', 'ARCHIVE', '-C', 'TREE', '.'];
    const backup = await road.push(await packed('tar', ...options));
    expect(backup.body).toMatchObject({ code: 'archive-unsupported' });
    expect(backup.body.detail).toContain('--incremental');
    const folder = join(home, 'left-out');
    await mkdir(folder);
    await writeFile(join(folder, 'a'), 'x');
    await link(join(folder, 'a'), join(folder, 'b'));
    const plain = join(home, 'left-out.tar');
    await run('tar', ['-cf', plain, '-C', folder, 'a', 'b']);
    await run('tar', ['-f', plain, '--delete', 'a']);
    await run('gzip', [plain]);
    const half = await road.push(await readFile(`${plain}.gz`));
    expect(half.body).toMatchObject({ code: 'archive-link' });
    expect(half.body.detail).toContain('--hard-dereference');
  });
});

describe('what every ecosystem links', () => {
  it('runs: a virtual environment of Python, with copies as the refusal says', async () => {
    const venv = join(home, 'app/venv');
    await run('python3', ['-m', 'venv', '--without-pip', '--symlinks', venv]);
    const linked = await road.push(
      await packed('tar', '-czf', 'ARCHIVE', '-C', dirname(venv), '.'),
    );
    expect(linked.body).toMatchObject({ code: 'archive-link' });
    expect(linked.body.detail).toContain('python -m venv with --copies');
    await rm(venv, { recursive: true });
    await run('python3', ['-m', 'venv', '--without-pip', '--copies', venv]);
    const find = 'import sysconfig; print(sysconfig.get_path("purelib"))';
    const { stdout } = await run(join(venv, 'bin/python'), ['-c', find]);
    await writeFile(join(stdout.trim(), 'greeting.py'), 'words = "hello"\n');
    const before = await folderSnapshot(venv);
    expect(before.lib64).toBe('link to lib');
    const artifact = await packed('tar', '-czf', 'ARCHIVE', '-C', dirname(venv), '.');
    const arrived = join(await road.arrive(artifact), 'venv');
    expect(await folderSnapshot(arrived)).toEqual(asReleased(before));
    const answer = await run(join(arrived, 'bin/python'), [
      '-c',
      'import greeting, sys; print(greeting.words, sys.prefix)',
    ]);
    expect(answer.stdout.trim()).toBe(`hello ${arrived}`);
  });

  it('runs: node_modules/.bin', async () => {
    const app = join(home, 'node-app');
    await mkdir(join(app, 'tool'), { recursive: true });
    await writeFile(join(app, 'package.json'), '{"name":"app","version":"1.0.0","private":true}');
    const manifest = { name: 'tool', version: '1.0.0', bin: { tool: 'cli.js' } };
    await writeFile(join(app, 'tool/package.json'), JSON.stringify(manifest));
    await writeFile(join(app, 'tool/cli.js'), '#!/usr/bin/env node\nconsole.log("it runs");\n');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', './tool'], { cwd: app });
    const before = await folderSnapshot(app);
    expect(before['node_modules/tool']).toBe('link to ../tool');
    expect(before['node_modules/.bin/tool']).toBe('link to ../tool/cli.js');
    const { path, dispose } = await artifactFile(app);
    const arrived = await road.arrive(await readFile(path));
    await dispose();
    expect(await folderSnapshot(arrived)).toEqual(asReleased(before));
    const { stdout } = await run(join(arrived, 'node_modules/.bin/tool'));
    expect(stdout).toBe('it runs\n');
  });
});
