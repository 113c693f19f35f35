/**
 * Finds a real Redis for the tests, or gets one: an address in REDIS_URL, a program on the PATH, Debian's
 * package when root may install it, and at last redis-memory-server, which builds one from source.
 */
import { installPackage, oneInstallAtATime, programOnPath } from './installed-program.js';

/** What the workers get: an address to share, a program to start, or why there is neither. */
export type RedisProgram = { url: string } | { program: string } | { missing: string };

export async function redisProgram(say: (line: string) => void): Promise<RedisProgram> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL };
  const present = await onPath();
  if (present) return { program: present };
  const reasons: string[] = [];
  for (const install of [installRedis, buildProgram]) {
    try {
      const program = await oneInstallAtATime(async () => (await onPath()) ?? (await install(say)));
      if (program) return { program };
    } catch (error) {
      reasons.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  }
  return {
    missing: `These tests need a real Redis, and none could be had (${reasons.join('; ')}): install redis-server, or set REDIS_URL.`,
  };
}

const onPath = (): Promise<string | undefined> => programOnPath('redis-server', 'valkey-server');

async function installRedis(say: (line: string) => void): Promise<string | undefined> {
  return (await installPackage('redis-server', say)) ? onPath() : undefined;
}

async function buildProgram(say: (line: string) => void): Promise<string | undefined> {
  say('Building a Redis for the tests with redis-memory-server (about 2 minutes, once) …');
  const module = (await import('redis-memory-server/lib/util/RedisBinary.js')) as unknown as {
    default: { default: { getPath(): Promise<string> } };
  };
  return module.default.default.getPath();
}
