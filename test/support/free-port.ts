import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that the system hands out itself: between being found free and being used, such a
 * port can go to any connection or to any server that asks for "a free one", also of the same test.
 */
const FIRST = 11_000;
const COUNT = 18_000;

/** Workers of one run look for ports at the same moment: each has its own, every sixteenth. */
const WORKERS = 16;
const worker = Number(process.env.JEST_WORKER_ID ?? process.pid) % WORKERS;
const given = new Set<number>();

/** A port that is free now, with what is added to it for each node; never the same one twice. */
export async function freePort(offsets: readonly number[] = [0]): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor((Math.random() * COUNT) / WORKERS) * WORKERS + worker;
    if (given.has(port)) continue;
    const areFree = await Promise.all(offsets.map((offset) => isFree(port + offset)));
    if (!areFree.every(Boolean)) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
