/**
 * One follower, cheap enough that a thousand of them fit beside what is measured: it speaks WebSocket
 * itself, walks the frames, and looks into few of them.
 */
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';

const TEXT = 0x81;
const NAMESPACE = '/hubs/deployment';

export interface RawOptions {
  readonly host: string;
  readonly port: number;
  /** Null: a bare server, which wants no handshake and sends at once. */
  readonly token: string | null;
  readonly onEvent: (frame: Buffer) => void;
}

/** Resolves when it follows all deployments. */
export function followRaw({ host, port, token, onEvent }: RawOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const path = token === null ? '/' : '/socket.io/?EIO=4&transport=websocket';
    const key = randomBytes(16).toString('base64');
    let rest: Buffer = Buffer.alloc(0);
    let isOpen = false;
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed by the server')));
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    const say = (text: string) => socket.write(masked(text));
    const take = (frame: Buffer) => {
      const type = frame.toString('latin1', 0, 2);
      if (type === '2') say('3');
      else if (type.startsWith('0')) say(`40${NAMESPACE},${JSON.stringify({ token })}`);
      else if (type === '40') say(`42${NAMESPACE},1["SubscribeToAllDeployments",{}]`);
      else if (type === '42') onEvent(frame);
      else if (type === '43') resolve(socket);
      else reject(new Error(`the server said ${frame.toString()}`));
    };
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (!isOpen) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        isOpen = true;
        rest = rest.subarray(end + 4);
        if (token === null) resolve(socket);
      }
      rest = walk(rest, take);
    });
  });
}

/** Hands over whole frames, and keeps what is not whole yet. */
function walk(bytes: Buffer, take: (frame: Buffer) => void): Buffer {
  let at = 0;
  while (bytes.length - at >= 2) {
    let size = bytes[at + 1]!;
    let head = 2;
    if (size === 126) {
      if (bytes.length - at < 4) break;
      size = bytes.readUInt16BE(at + 2);
      head = 4;
    } else if (size === 127) {
      if (bytes.length - at < 10) break;
      size = Number(bytes.readBigUInt64BE(at + 2));
      head = 10;
    }
    if (bytes.length - at < head + size) break;
    if (bytes[at] === TEXT) take(bytes.subarray(at + head, at + head + size));
    at += head + size;
  }
  return at === bytes.length ? Buffer.alloc(0) : bytes.subarray(at);
}

/** A mask of zeros is a mask, and costs nothing. */
function masked(text: string): Buffer {
  const body = Buffer.from(text);
  const head =
    body.length < 126
      ? Buffer.from([TEXT, 0x80 | body.length, 0, 0, 0, 0])
      : Buffer.from([TEXT, 0x80 | 126, body.length >> 8, body.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, body]);
}
