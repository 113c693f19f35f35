/**
 * `Upgrade` is an offer, and a server that does not take it answers as if it had not been made (RFC
 * 9110, section 7.8); Java's own client offers h2c with every request. As soon as anybody listens for
 * 'upgrade', though, Node stops reading at the headers of each such request, whatever it offers, and
 * leaves the connection to the listener. Here an offer is taken, or its request goes through the parser
 * once more without it: body, keep-alive and what was pipelined behind it are then as for any other.
 */
import {
  STATUS_CODES,
  type IncomingMessage,
  type OutgoingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface UpgradeOffer {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** What the client has sent already behind the headers. */
  readonly head: Buffer;
}

/** Where a server sets none, Node stops to collect headers here. */
const MOST_HEADERS = 1000;

/** `take`: true when it has taken the offer, and with it the connection. */
export function answerUpgradeOffers(
  server: Server,
  take: (offer: UpgradeOffer) => boolean = () => false,
): void {
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const socket = stream as Socket;
    whenItsTurn(socket, () => {
      if (!take({ request, socket, head })) serveWithoutOffer(server, { request, socket, head });
    });
  });
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    refuse(socket, 501, 'This server is not a proxy: send the request itself, without CONNECT.');
  });
}

/** A handshake that could be answered with 101: of HTTP/1.1, without a body, WebSocket among its offers. */
export function offersWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || httpVersion !== '1.1') return false;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
    return false;
  }
  const offered = (headers.upgrade ?? '').split(',').map((each) => each.trim().toLowerCase());
  return offered.includes('websocket');
}

interface WithMessage {
  /** The answer that is being written on the connection; Node has no public word for it. */
  readonly _httpMessage?: ServerResponse | null;
}

/**
 * Requests that were pipelined ahead are answered first. Node has taken its own listeners off the
 * connection already, so what such an answer needs of them is done here.
 */
function whenItsTurn(socket: Socket, serve: () => void): void {
  const current = (): OutgoingMessage | null | undefined => (socket as WithMessage)._httpMessage;
  if (!current()) {
    serve();
    return;
  }
  const onDrain = () => {
    const answer = current();
    if (answer?.writableNeedDrain) answer.emit('drain');
  };
  const onError = () => socket.destroy();
  const wait = () => {
    const answer = current();
    if (answer && !socket.destroyed) {
      answer.once('close', wait);
      return;
    }
    socket.off('drain', onDrain);
    socket.off('error', onError);
    // The answer before was the last one of the connection.
    if (socket.destroyed || socket.writableEnded) return;
    serve();
  };
  socket.on('drain', onDrain);
  socket.on('error', onError);
  wait();
}

function serveWithoutOffer(server: Server, { request, socket, head }: UpgradeOffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  // Node drops what exceeds the number, and where the request ends may have been among it.
  if (rawHeaders.length >= 2 * (server.maxHeadersCount ?? MOST_HEADERS)) {
    refuse(socket, 431, 'The request has too many headers.');
    return;
  }
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.toLowerCase() === 'upgrade') continue;
    text += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  }
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(`${text}\r\n`, 'latin1'));
  // Left by an answer before: the time that an idle connection is kept.
  socket.setTimeout(0);
  server.emit('connection', socket);
}

function refuse(socket: Duplex, status: number, text: string): void {
  const body = `${text}\n`;
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
