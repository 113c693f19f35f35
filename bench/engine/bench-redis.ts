/** The Redis of a bench: a program of its own, found or installed as for the tests, or the one in REDIS_URL. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { redisProgram } from '../../test/support/redis-program.js';
import { freePort } from '../../test/support/free-port.js';

const START_MS = 10_000;

export interface BenchRedis {
  readonly url: string;
  /** 0: somebody else's, whose cost cannot be read here. */
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startBenchRedis(home: string): Promise<BenchRedis> {
  const found = await redisProgram((line) => console.error(line));
  if ('missing' in found) throw new Error(found.missing);
  if ('url' in found) return { url: found.url, pid: 0, stop: async () => undefined };
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', home, '--save', ''];
  const child = spawn(found.program, flags, { stdio: 'ignore' });
  await once(child, 'spawn');
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  };
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: START_MS / 50, retryStrategy: () => 50 });
  client.on('error', () => {});
  try {
    await client.ping();
  } catch (cause) {
    await stop();
    throw new Error(`${found.program} does not answer at ${url}.`, { cause });
  } finally {
    client.disconnect();
  }
  return { url, pid: child.pid!, stop };
}
