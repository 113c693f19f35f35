/**
 * The commands of package.json as people and service managers use them: by npm, with signals. What installs
 * is a stand-in for npm here, which is as stubborn as npm is; the newcomer's test installs with npm itself.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../src/platform/database/embedded/server-claim.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';

/** Without the variables that npm has given to whoever runs the tests. */
function environment(more: Record<string, string>): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|TIDEGATE_|NODE_OPTIONS$)/.test(name),
  );
  return { ...Object.fromEntries(own), ...more };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

describe('an install that is broken off', () => {
  let root: string;
  let started: ChildProcess[];

  beforeEach(async () => {
    started = [];
    root = await mkdtemp(join(tmpdir(), 'tidegate-clone-'));
    await cp('scripts', join(root, 'scripts'), { recursive: true });
    const sources = ['src', 'sdks/typescript/src', 'dashboard/src', 'dashboard/public'];
    for (const folder of [...sources, 'dist/apps/migrate']) {
      await mkdir(join(root, folder), { recursive: true });
    }
    const settings = ['.swcrc', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
    for (const file of [...settings, 'dashboard/index.html', 'dashboard/vite.config.ts']) {
      await writeFile(join(root, file), '{}');
    }
    await writeFile(join(root, 'package-lock.json'), '{"packages":{}}');
    const bin = { program: 'dist/apps/migrate/main.js' };
    await writeFile(join(root, 'package.json'), JSON.stringify({ bin }));
    await writeFile(join(root, 'dist/apps/migrate/main.js'), `console.log('the old one runs')`);
    await writeFile(join(root, 'nest.cjs'), COMPILER);
    await writeFile(join(root, 'npm-cli.cjs'), STUBBORN_NPM);
  });
  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    for (const pid of await pids()) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await rm(root, { recursive: true, force: true });
  });

  const start = (mode: string) => {
    const child = spawn(process.execPath, ['scripts/bootstrap.mjs', 'migrate'], {
      cwd: root,
      env: environment({ npm_execpath: join(root, 'npm-cli.cjs'), INSTALL: mode }),
    });
    started.push(child);
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (said.text += chunk.toString()));
    }
    return { child, said };
  };
  /** Of npm and of what it has started. */
  const pids = async () => {
    const text = await readFile(join(root, 'pids'), 'utf8').catch(() => '');
    return text.trim().split('\n').filter(Boolean).map(Number);
  };
  const isInstalling = () => eventually(async () => expect(await pids()).toHaveLength(2));

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s ends with no process of npm left, and the next command installs anew',
    async (signal) => {
      const { child } = start('slow');
      await isInstalling();
      child.kill(signal);
      expect(await endOf(child)).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
      expect((await pids()).filter(isAlive)).toEqual([]);
      const next = start('fast');
      expect(await endOf(next.child)).toBe(0);
      expect(next.said.text).toContain('Installing');
      expect(next.said.text).toContain('the program runs');
    },
  );

  it('by kill -9 leaves npm running, which the next command ends before it begins', async () => {
    const { child } = start('slow');
    await isInstalling();
    const left = await pids();
    await eventually(async () =>
      expect(await readFile(join(root, '.bootstrap.lock'), 'utf8')).toContain(`"pid":${left[0]}`),
    );
    child.kill('SIGKILL');
    await endOf(child);
    expect(left.filter(isAlive)).toEqual(left);
    const next = start('fast');
    expect(await endOf(next.child)).toBe(0);
    expect(left.filter(isAlive)).toEqual([]);
    expect(next.said.text).toContain('the program runs');
  });

  it('is not believed, whatever npm’s own list says', async () => {
    const { child } = start('slow');
    await isInstalling();
    child.kill('SIGTERM');
    await endOf(child);
    await writeFile(join(root, 'node_modules/.package-lock.json'), '{"packages":{}}');
    const next = start('fast');
    expect(await endOf(next.child)).toBe(0);
    expect(next.said.text).toContain('Installing');
    const third = start('fast');
    expect(await endOf(third.child)).toBe(0);
    expect(third.said.text).toBe('the program runs\n');
  });

  it('is waited for by a second command, which can be told to stop waiting', async () => {
    const first = start('slow');
    await isInstalling();
    const second = start('fast');
    await eventually(() => expect(second.said.text).toContain('Waiting for another'));
    second.child.kill('SIGINT');
    expect(await endOf(second.child)).toBe(130);
    expect((await pids()).filter(isAlive)).toHaveLength(2);
    first.child.kill('SIGINT');
    expect(await endOf(first.child)).toBe(130);
  });

  it('leaves nothing that npx could not run: what was built is executable', async () => {
    expect(await endOf(start('fast').child)).toBe(0);
    const { mode } = await stat(join(root, 'dist/apps/migrate/main.js'));
    expect(mode & 0o111).toBe(0o111);
  });

  it('keeps what was built before until the next build is whole', async () => {
    const { child, said } = start('fast');
    expect(await endOf(child)).toBe(0);
    expect(said.text).toContain('the program runs');
    const seen = await readFile(join(root, 'while-building.js'), 'utf8');
    expect(seen).toContain('the old one runs');
    const left = (await readdir(root)).filter((name) => name.startsWith('.bootstrap'));
    expect(left).toEqual([]);
  });

  it('is noticed when its lock names a process id that was given out again', async () => {
    const stale = JSON.stringify({ pid: process.pid, started: 'another boot 1' });
    await writeFile(join(root, '.bootstrap.lock'), stale);
    expect(await endOf(start('fast').child)).toBe(0);
  });
});

/** As npm does, it takes the first SIGTERM and goes on; a script that it runs does the same. */
const STUBBORN_NPM = `
const fs = require('node:fs');
const path = require('node:path');
fs.mkdirSync('node_modules/@nestjs/cli/bin', { recursive: true });
fs.copyFileSync('nest.cjs', 'node_modules/@nestjs/cli/bin/nest.js');
fs.mkdirSync('node_modules/vite/bin', { recursive: true });
fs.writeFileSync('node_modules/vite/bin/vite.js', '');
if (process.env.INSTALL === 'fast') return;
const stubborn = () => {
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => {});
  setInterval(() => {}, 1000);
  fs.appendFileSync('pids', process.pid + '\\n');
};
if (process.argv[2] === 'script') stubborn();
else {
  stubborn();
  require('node:child_process').spawn(process.execPath, [__filename, 'script'], { stdio: 'ignore' });
}
`;

/** Writes where the configuration says that it gets, as the real one does; says what it saw of dist. */
const COMPILER = `
const fs = require('node:fs');
const config = process.argv[process.argv.indexOf('-p') + 1];
const { outDir } = JSON.parse(fs.readFileSync(config, 'utf8')).compilerOptions;
fs.copyFileSync('dist/apps/migrate/main.js', 'while-building.js');
fs.mkdirSync(outDir + '/apps/migrate', { recursive: true });
fs.writeFileSync(outDir + '/apps/migrate/main.js', "console.log('the program runs')");
`;

describe('npm and npx', () => {
  let home: string;
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'tidegate-wrappers-'));
  });
  afterAll(async () => {
    for (const child of started) child.kill('SIGKILL');
    await rm(home, { recursive: true, force: true });
  });

  /** The pid is that of npm; the program says its own in its log. */
  const run = (file: string, args: readonly string[], more: Record<string, string>) => {
    const child = spawn(file, args, {
      env: environment({
        TIDEGATE_HOME: home,
        TIDEGATE_LOG_FORMAT: 'json',
        // What npx has linked before, for whatever build was there then, is nobody's business here.
        npm_config_cache: join(home, 'npm'),
        ...more,
      }),
      detached: true,
    });
    started.push(child);
    const said = { text: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (said.text += chunk.toString()));
    }
    return { child, said };
  };

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'end the control plane with them when they get %s',
    async (signal) => {
      const listen = `127.0.0.1:${await freePort()}`;
      const { child, said } = run('npm', ['start'], { TIDEGATE_LISTEN: listen });
      await eventually(() => expect(said.text).toContain('is ready'), 90_000);
      child.kill(signal);
      await endOf(child);
      // As told: it finishes what it does and says so.
      await eventually(() => expect(said.text).toContain('"stopped"'), 30_000);
      await eventually(async () => {
        await expect(fetch(`http://${listen}/health/live`)).rejects.toThrow();
      });
    },
    150_000,
  );

  it('end a command that waits for a control plane', async () => {
    const listen = { host: '127.0.0.1', port: await freePort() };
    // Strangers may ask here as well: only the question of this very command counts.
    const token = `of-this-command-${process.pid}-${Date.now()}`;
    const others: string[] = [];
    let asked: Socket | undefined;
    const server = createServer(({ headers, method, url, socket }) => {
      if (headers.authorization === `Bearer ${token}`) asked = socket;
      else others.push(`${method} ${url} from ${headers['user-agent']}`);
    });
    await once(server.listen(listen), 'listening');
    const told = { TIDEGATE_SERVER: `http://127.0.0.1:${listen.port}`, TIDEGATE_TOKEN: token };
    const { child, said } = run('npx', ['tidegate', 'nodes', 'list'], told);
    try {
      const end = () => child.exitCode ?? child.signalCode;
      const look = () => {
        if (asked) return;
        const so = `its end: ${end() ?? 'none yet'}; it said: ${said.text}`;
        throw new Error(`the command has not asked; ${so}; others did: ${others.join(', ')}`);
      };
      await eventually(() => (end() === null ? look() : undefined), 60_000);
      look();
      const gone = new Promise((resolve) => asked!.once('close', resolve));
      child.kill('SIGTERM');
      await endOf(child);
      await gone;
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }, 90_000);
});
