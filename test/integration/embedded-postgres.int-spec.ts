import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEmbeddedDatabase } from '../../src/platform/database/embedded/embedded-database.js';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../src/platform/database/embedded/embedded-postgres.js';
import { lockFileOf } from '../../src/platform/database/embedded/postmaster.js';
import { otherUsers, succeeds } from '../../src/platform/database/embedded/run-as.js';
import { isAlive } from '../../src/platform/database/embedded/server-claim.js';
import { withClient } from '../support/database.js';

const isRoot = process.getuid?.() === 0;
const itAsRoot = isRoot ? it : () => undefined;

describe('the embedded PostgreSQL', () => {
  let base: string;
  let started: EmbeddedPostgres[] = [];
  let children: ChildProcess[] = [];

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'tidegate-pg-'));
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const server of started) await server.stop();
    [started, children] = [[], []];
    // The server of a killed process may still be writing its last page.
    await rm(base, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  });

  const start = async (dataDir: string, options: Partial<EmbeddedPostgresOptions> = {}) => {
    const settings = { fsync: 'off' };
    const server = await startEmbeddedPostgres({ dataDir, log: () => {}, settings, ...options });
    started.push(server);
    return server;
  };

  const ask = async (server: EmbeddedPostgres, sql: string) => {
    const { host, port, superuser } = server;
    return withClient({ host, port, ...superuser, database: 'postgres' }, async (client) => {
      const { rows } = await client.query<{ value: unknown }>(sql);
      return rows[0]?.value;
    });
  };

  /** The same program in a process of its own, which can be killed. */
  const hold = async (dataDir: string) => {
    const program = fileURLToPath(new URL('../support/programs/hold-postgres.ts', import.meta.url));
    const loader = new URL('../support/register-typescript.mjs', import.meta.url).href;
    const child = spawn(process.execPath, ['--import', loader, program, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    return { child, server: JSON.parse(line) as EmbeddedPostgres };
  };

  const until = async (what: () => boolean | Promise<boolean>) => {
    const deadline = performance.now() + 15_000;
    while (!(await what())) {
      if (performance.now() > deadline) throw new Error('it did not happen within 15 s');
      await delay(20);
    }
  };

  it('keeps its data over a restart, and its files from everybody else', async () => {
    const dataDir = join(base, 'postgres');
    const first = await start(dataDir, { settings: {} });
    await ask(first, 'create table kept as select 7 as value');
    expect(await ask(first, `select current_setting('listen_addresses') as value`)).toBe('');
    expect(await ask(first, `select current_setting('fsync') as value`)).toBe('on');
    await first.stop();
    await first.stop();
    const second = await start(dataDir);
    expect(await ask(second, 'select value from kept')).toBe(7);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, 'superuser-password'))).mode & 0o777).toBe(0o600);
  });

  it('refuses a wrong password', async () => {
    const server = await start(join(base, 'postgres'));
    const wrong = { ...server, superuser: { ...server.superuser, password: 'guess' } };
    await expect(ask(wrong, 'select 1')).rejects.toThrow('password authentication failed');
  });

  it('writes no statement of the application to its log', async () => {
    const dataDir = join(base, 'postgres');
    const server = await start(dataDir);
    await expect(ask(server, `select 'hunter2'::int`)).rejects.toThrow('hunter2');
    await server.stop();
    expect(await readFile(join(dataDir, 'server.log'), 'utf8')).not.toContain('hunter2');
  });

  it('refuses a folder that another process is using, and shares it when asked to', async () => {
    const dataDir = join(base, 'postgres');
    const { child, server } = await hold(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`process ${child.pid}`);
    const guest = await start(dataDir, { mayShare: true });
    expect(guest.superuser).toEqual(server.superuser);
    await guest.stop();
    expect(await ask(server, 'select 1 as value')).toBe(1);
  });

  it('gives everybody who asks at once the same roles, passwords and database', async () => {
    const home = join(base, 'home');
    const owner = await start(join(home, 'postgres'));
    const asked = await Promise.all(
      [1, 2, 3].map(() => openEmbeddedDatabase({ home, log: () => {}, mayShare: true })),
    );
    for (const { access } of asked) {
      expect(access).toEqual(asked[0]?.access);
      const who = await withClient(access.app, (client) =>
        client.query('select current_user as me'),
      );
      expect(who.rows).toEqual([{ me: 'tidegate_app' }]);
    }
    expect(await ask(owner, 'select 1 as value')).toBe(1);
  });

  it('puts its socket elsewhere when the path is longer than an address may be', async () => {
    const dataDir = join(base, 'x'.repeat(110), 'postgres');
    const server = await start(dataDir);
    expect(server.host.length).toBeLessThan(90);
    expect((await stat(server.host)).mode & 0o777).toBe(0o700);
    expect(await ask(server, 'select 1 as value')).toBe(1);
    await server.stop();
    expect(existsSync(server.host)).toBe(false);
  });

  it('is started again where it was when it ends by itself', async () => {
    const server = await start(join(base, 'pg'));
    const { pid } = (await lockFileOf(join(base, 'pg', 'data')))!;
    process.kill(pid, 'SIGKILL');
    const lock = () => lockFileOf(join(base, 'pg', 'data'));
    await until(async () => ((await lock())?.pid ?? pid) !== pid);
    await until(() => ask(server, 'select 1 as value').then(Boolean, () => false));
    const again = (await lock())!;
    expect(again.isServing).toBe(true);
    await server.stop();
    await until(() => !isAlive(again.pid));
  }, 40_000);

  it('ends with its parent, even when that is killed', async () => {
    const dataDir = join(base, 'postgres');
    const { child } = await hold(dataDir);
    const pid = (await lockFileOf(join(dataDir, 'data')))?.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    if (process.platform === 'linux') await until(() => !isAlive(pid));
    expect(await ask(await start(dataDir), 'select 1 as value')).toBe(1);
  });

  it('recovers when the server and its parent are killed together', async () => {
    const dataDir = join(base, 'postgres');
    const { child, server } = await hold(dataDir);
    await ask(server, 'create table kept as select 7 as value');
    const pid = (await lockFileOf(join(dataDir, 'data')))?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(join(dataDir, 'data', 'postmaster.pid'))).toBe(true);
    expect(await ask(await start(dataDir), 'select value from kept')).toBe(7);
  });

  it('stops a server that outlived its owner, so that there are never two', async () => {
    const dataDir = join(base, 'postgres');
    const { server } = await hold(dataDir);
    await ask(server, 'create table kept as select 7 as value');
    const pid = (await lockFileOf(join(dataDir, 'data')))?.pid ?? 0;
    // The claim of a process that has ended: what a killed owner leaves behind.
    await writeFile(join(dataDir, 'owner.json'), JSON.stringify({ pid: 2 ** 22 + 1, started: '' }));
    const log: string[] = [];
    const next = await start(dataDir, { log: (line) => log.push(line) });
    expect(isAlive(pid)).toBe(false);
    expect(log.join()).toContain('a crash had left');
    expect(await ask(next, 'select value from kept')).toBe(7);
  });

  it('is not misled by a process id that was given out again', async () => {
    const dataDir = join(base, 'postgres');
    const server = await start(dataDir);
    await server.stop();
    const stranger = spawn('sleep', ['60']);
    children.push(stranger);
    const lines = [stranger.pid, join(dataDir, 'data'), 1, 5432, join(dataDir, 'socket'), '', ''];
    await writeFile(join(dataDir, 'data', 'postmaster.pid'), lines.join('\n'), { mode: 0o600 });
    const claim = JSON.stringify({ pid: stranger.pid, started: 'long ago' });
    await writeFile(join(dataDir, 'owner.json'), claim);
    expect(await ask(await start(dataDir), 'select 1 as value')).toBe(1);
    expect(stranger.exitCode).toBeNull();
  });

  it('starts over when an earlier start was cut off in the middle', async () => {
    const dataDir = join(base, 'postgres');
    await mkdir(join(dataDir, 'data.partial', 'base'), { recursive: true });
    await writeFile(join(dataDir, 'superuser-password'), 'half');
    expect(await ask(await start(dataDir), 'select 1 as value')).toBe(1);
  });

  it('says in one sentence what is wrong with data of another version', async () => {
    const dataDir = join(base, 'postgres');
    await (await start(dataDir)).stop();
    await writeFile(join(dataDir, 'data', 'PG_VERSION'), '12\n');
    await expect(start(dataDir)).rejects.toThrow('is of PostgreSQL 12');
    expect(existsSync(join(dataDir, 'owner.json'))).toBe(false);
  });

  it('tells why the server did not start', async () => {
    const settings = { fsync: 'off', shared_buffers: 'lots' };
    await expect(start(join(base, 'postgres'), { settings })).rejects.toThrow('shared_buffers');
  });

  itAsRoot(
    'runs as another user where root may make no namespaces',
    async () => {
      for (const user of await otherUsers()) {
        if (!(await succeeds(user, 'true', []))) throw new Error('root cannot become another user');
        // A home that nobody else may enter: the data and the programs have to be elsewhere.
        const home = join(base, `home-${started.length}`);
        await mkdir(home);
        await chmod(home, 0o700);
        await chmod(base, 0o755);
        const place = { candidates: [user], sharedFolder: join(base, 'var') };
        const dataDir = join(home, 'postgres');
        const server = await start(dataDir, { place });
        await ask(server, 'create table kept as select 7 as value');
        await server.stop();
        expect(await readdir(dataDir)).not.toContain('data');
        const again = await start(dataDir, { place });
        expect(await ask(again, 'select value from kept')).toBe(7);
        await again.stop();
      }
    },
    60_000,
  );

  itAsRoot('says what to do when root can run it as nobody at all', async () => {
    const place = { candidates: [], sharedFolder: join(base, 'var') };
    await expect(start(join(base, 'postgres'), { place })).rejects.toThrow('as an ordinary user');
  });
});
