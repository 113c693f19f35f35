/**
 * Finds a real Redis for the tests, or gets one: an address in REDIS_URL, a program on the PATH, Debian's
 * package when root may install it, and at last redis-memory-server, which builds one from source.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const installMs = 300_000;

/** What the workers get: an address to share, a program to start, or why there is neither. */
export type RedisProgram = { url: string } | { program: string } | { missing: string };

export async function redisProgram(say: (line: string) => void): Promise<RedisProgram> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL };
  const present = await onPath();
  if (present) return { program: present };
  const reasons: string[] = [];
  for (const install of [installPackage, buildProgram]) {
    try {
      const program = await oneAtATime(async () => (await onPath()) ?? (await install(say)));
      if (program) return { program };
    } catch (error) {
      reasons.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  }
  return {
    missing: `These tests need a real Redis, and none could be had (${reasons.join('; ')}): install redis-server, or set REDIS_URL.`,
  };
}

async function onPath(): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of folders) {
      const program = join(folder, name);
      const isThere = await access(program, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (folder && isThere) return program;
    }
  }
  return undefined;
}

async function installPackage(say: (line: string) => void): Promise<string | undefined> {
  const isDebian = await stat('/etc/debian_version').catch(() => undefined);
  if (!isDebian || process.getuid?.() !== 0) return undefined;
  say('Installing redis-server for the tests (apt-get, about 20 s) …');
  const options = {
    timeout: installMs,
    // RUNLEVEL: the program is wanted, not the package's own server on port 6379.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  };
  await run('apt-get', ['update', '-qq'], options);
  const policy = ['-o', 'Dpkg::Options::=--force-confold', '-o', 'DPkg::Lock::Timeout=120'];
  await run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...policy, 'redis-server'],
    options,
  );
  return onPath();
}

async function buildProgram(say: (line: string) => void): Promise<string | undefined> {
  say('Building a Redis for the tests with redis-memory-server (about 2 minutes, once) …');
  const module = (await import('redis-memory-server/lib/util/RedisBinary.js')) as unknown as {
    default: { default: { getPath(): Promise<string> } };
  };
  return module.default.default.getPath();
}

/** Two runs at once must not both call the package manager. */
async function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  const lock = join(tmpdir(), `tidegate-redis-install-${process.getuid?.() ?? 0}`);
  const deadline = performance.now() + installMs;
  for (;;) {
    const isMine = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (isMine) break;
    const since = await stat(lock).then(
      (found) => found.mtimeMs,
      () => Date.now(),
    );
    // Nobody installs for ten minutes: that one was killed.
    if (Date.now() - since > 600_000) await rm(lock, { recursive: true, force: true });
    if (performance.now() > deadline)
      throw new Error('another run is installing Redis for too long');
    await delay(200);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}
