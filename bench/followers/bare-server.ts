/** The raw limit: `ws` and nothing else, which sends each text that it is told to whoever is connected. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

interface Sockets {
  readonly clients: ReadonlySet<{ send(text: string): void }>;
}

// The very one that socket.io uses: it is no dependency of ours.
const { WebSocketServer } = createRequire(import.meta.resolve('socket.io'))('ws') as {
  WebSocketServer: new (options: object) => Sockets;
};
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
process.on('message', (texts: readonly string[]) => {
  for (const text of texts) {
    for (const client of sockets.clients) client.send(text);
  }
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
