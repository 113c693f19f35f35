import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that is free now, with what is added to it for each node; below outgoing connections. */
export async function freePort(offsets: readonly number[] = [0]): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 18_000);
    const areFree = await Promise.all(offsets.map((offset) => isFree(port + offset)));
    if (areFree.every(Boolean)) return port;
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
