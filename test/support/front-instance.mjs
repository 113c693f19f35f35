// A module's instance as a process of its own: tests kill it and count what it executed.
// It prints its port, answers with its name, and says 1001 to WebSockets when told to stop.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';

const [name, executions] = process.argv.slice(2);
const websockets = new Set();
const CLOSE_GOING_AWAY = Buffer.from([0x88, 2, 0x03, 0xe9]); // 1001

const server = createServer((request, response) => {
  if (executions) appendFileSync(executions, `${request.method} ${request.url}\n`);
  if (request.url === '/hold') return;
  if (request.url === '/reset') return request.socket.destroy();
  request.resume();
  request.on('end', () => response.end(name));
});

server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  websockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => websockets.delete(socket));
  socket.on('data', (chunk) => {
    const isClose = (chunk[0] & 0x0f) === 8;
    if (isClose) socket.end(CLOSE_GOING_AWAY);
    else socket.write(unmasked(chunk));
  });
});

// Small frames only: echoes the payload of a masked text frame.
function unmasked(frame) {
  const length = frame[1] & 0x7f;
  const mask = frame.subarray(2, 6);
  const payload = frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4]);
  return Buffer.concat([Buffer.from([0x81, length]), payload]);
}

process.on('SIGTERM', () => {
  server.close();
  for (const socket of websockets) socket.end(CLOSE_GOING_AWAY);
});

server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
