import { createServer } from 'node:net';

// Below the ports that agents give to their modules, and far below those of outgoing connections.
const firstPort = 11_000;
const lastPort = 19_900;

export function isFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** As many free ports in a row; somewhere else each time, so that two demos at once do not meet. */
export async function freeRow(count) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const first = firstPort + Math.floor(Math.random() * (lastPort - firstPort - count));
    const row = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(row.map((port) => isFree(port)));
    if (free.every(Boolean)) return row;
  }
  throw new Error(`No ${count} free ports in a row between ${firstPort} and ${lastPort}.`);
}
