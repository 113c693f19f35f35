import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range that Linux takes outgoing connections from, so that none of those is in the way.
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;
/** A module that was given a port may take a while to open it. */
const RESERVED_MS = 60_000;

const reserved = new Map<number, number>();

/** A port on which nothing listens, neither on loopback nor on every address. */
export async function freePort(): Promise<number> {
  const now = performance.now();
  for (const [port, until] of reserved) if (until < now) reserved.delete(port);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST, LAST);
    if (reserved.has(port)) continue;
    reserved.set(port, now + RESERVED_MS);
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, undefined))) return port;
    reserved.delete(port);
  }
  throw new Error(`no free port found between ${FIRST} and ${LAST}`);
}

function isFree(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
