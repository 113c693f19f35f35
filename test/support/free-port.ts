import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that others hand out: the system (32768 and above) and agents, to the instances of their
 * modules (20000 to 31999). Between being found free and being used, such a port can go to any connection,
 * to any server that asks for "a free one" or to any module, also of the same test.
 */
const FIRST = 11_000;
const COUNT = 8_000;

/** Workers of one run look for ports at the same moment: each has its own, every sixteenth. */
export const WORKERS = 16;
const worker = Number(process.env.JEST_WORKER_ID ?? process.pid) % WORKERS;
const given = new Set<number>();

/**
 * A port that is free now, also with what is added to it for each node; never the same one twice. Where
 * agents open it, the offsets have to be told: nobody else looks whether it is free there.
 */
export async function freePort(offsets: readonly number[] = [0]): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor((Math.random() * COUNT) / WORKERS) * WORKERS + worker;
    const all = [port, ...offsets.map((offset) => port + offset)];
    if (all.some((one) => given.has(one))) continue;
    const areFree = await Promise.all(offsets.map((offset) => isFree(port + offset)));
    if (!areFree.every(Boolean)) continue;
    for (const one of all) given.add(one);
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
