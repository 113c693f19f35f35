import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { builtServer } from '../support/built.js';

/** What whoever starts the server sees when it cannot: one sentence, no stack, and no half-made database. */
let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tidegate-start-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function start(environment: Readonly<Record<string, string>>) {
  const { api } = await builtServer();
  const child = spawn(process.execPath, [api], {
    env: { PATH: process.env.PATH, TIDEGATE_LISTEN: '127.0.0.1:0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = [text(child.stdout), text(child.stderr)];
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, out: await out, err: await err };
}

describe('a start that cannot be', () => {
  it('says that the home is a file, or below one', async () => {
    const file = join(folder, 'home');
    await writeFile(file, '');
    expect(await start({ TIDEGATE_HOME: file })).toEqual({
      exitCode: 1,
      out: '',
      err: `tidegate: There is a file where ${file} should be a folder: move the file away, or name another folder in TIDEGATE_HOME.\n`,
    });
    const { exitCode, err } = await start({ TIDEGATE_HOME: join(file, 'below') });
    expect({ exitCode, lines: err.split('\n').length - 1 }).toEqual({ exitCode: 1, lines: 1 });
    expect(err).toContain('TIDEGATE_HOME');
  });

  it('says who has the port, and how to take another, before there is a database', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    try {
      await once(holder, 'listening');
      const home = join(folder, 'home');
      const listen = `127.0.0.1:${portOf(holder)}`;
      const { exitCode, err } = await start({ TIDEGATE_HOME: home, TIDEGATE_LISTEN: listen });
      expect(exitCode).toBe(1);
      expect(err).toContain(`tidegate: ${listen} is taken by process ${process.pid} (`);
      expect(err).toContain(`for example TIDEGATE_LISTEN=127.0.0.1:${portOf(holder) + 1}.\n`);
      expect(err.trim().split('\n')).toHaveLength(1);
      expect(existsSync(home)).toBe(false);
    } finally {
      holder.close();
    }
  });

  it('names each setting whose port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    try {
      await once(holder, 'listening');
      const place = `127.0.0.1:${portOf(holder)}`;
      const { err } = await start({ TIDEGATE_HOME: folder, TIDEGATE_METRICS_LISTEN: place });
      expect(err).toContain(`for example TIDEGATE_METRICS_LISTEN=`);
    } finally {
      holder.close();
    }
  });
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
