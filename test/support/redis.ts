/** A real Redis for one test file: its own server, or a prefix of its own on the one in REDIS_URL. */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { PATIENCE_MS } from './patience.js';
import type { RedisProgram } from './redis-program.js';
import { redisVariable } from './test-variables.js';

export interface TestRedis {
  url: string;
  /** Nobody else's keys begin so. */
  prefix: string;
  /** kill -9; only where the server is the test's own. */
  kill?: () => Promise<void>;
  /** SIGSTOP and SIGCONT: it takes connections and answers nothing. As `kill`. */
  freeze?: () => void;
  thaw?: () => void;
  /** No file of it may grow beyond, as on a disk that is full; null: as before. As `kill`. */
  limitFiles?: (bytes: number | null) => void;
  stop(): Promise<void>;
}

/** `keepsUsers`: with a file for its ACL, which is a server of the test's own. */
export async function testRedis({ keepsUsers = false } = {}): Promise<TestRedis> {
  const handed = process.env[redisVariable];
  if (!handed)
    throw new Error('jest did not run its global setup: use the integration or e2e project.');
  const found = JSON.parse(handed) as RedisProgram;
  if ('missing' in found) throw new Error(found.missing);
  const prefix = `test:${randomUUID()}:`;
  if ('url' in found && keepsUsers) throw new Error('Put redis-server on the PATH for this test.');
  if ('url' in found) return { url: found.url, prefix, stop: () => removeKeys(found.url, prefix) };
  for (let attempt = 1; ; attempt++) {
    const started = await start(found.program, prefix, keepsUsers);
    if (started) return started;
    if (attempt === 5) throw new Error(`${found.program} did not start on any of five free ports.`);
  }
}

/** Undefined when somebody else took the port in the meantime. */
async function start(
  program: string,
  prefix: string,
  keepsUsers: boolean,
): Promise<TestRedis | undefined> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-redis-'));
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  if (keepsUsers) {
    await writeFile(join(folder, 'users.acl'), 'user default on nopass ~* &* +@all\n');
    flags.push('--aclfile', join(folder, 'users.acl'));
  }
  // Beyond a limit of files a write is to fail, as it does on a full disk, and not to end the process.
  const ignoring = ['-c', 'trap "" XFSZ; exec "$@"', 'sh', program];
  const server = spawn('sh', [...ignoring, ...flags, '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  });
  const url = `redis://127.0.0.1:${port}`;
  const hasExited = () => server.exitCode !== null || server.signalCode !== null;
  const kill = async () => {
    if (hasExited()) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  const stop = async () => {
    process.removeListener('exit', onExit);
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  const onExit = () => server.kill('SIGKILL');
  process.once('exit', onExit);
  await Promise.race([once(server, 'spawn'), once(server, 'error')]);
  const deadline = performance.now() + PATIENCE_MS;
  while (!hasExited() && performance.now() < deadline) {
    if (await isOurs(port, server.pid)) {
      const freeze = () => void server.kill('SIGSTOP');
      const thaw = () => void server.kill('SIGCONT');
      const limitFiles = (bytes: number | null) => {
        const limit = `--fsize=${bytes ?? 'unlimited'}:unlimited`;
        execFileSync('prlimit', ['--pid', String(server.pid), limit]);
      };
      return { url, prefix, kill, freeze, thaw, limitFiles, stop };
    }
    await delay(20);
  }
  await stop();
  return undefined;
}

/**
 * The server that answers on the port must be the one that was started here. Asked by hand: a client
 * library keeps timers after a refused connection, and jest waits for them.
 */
async function isOurs(port: number, pid: number | undefined): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write('INFO server\r\n');
    let answer = '';
    for await (const chunk of socket) {
      answer += String(chunk);
      const found = /process_id:(\d+)\r/.exec(answer);
      if (found) return Number(found[1]) === pid;
    }
    return false;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  try {
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 500 })) {
      const list = keys as string[];
      if (list.length > 0) await client.unlink(...list);
    }
  } finally {
    client.disconnect();
  }
}
