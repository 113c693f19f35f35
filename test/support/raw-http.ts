import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** HTTP/1.1 by hand, byte for byte: what no library would send, and nothing that one would hide. */
export interface RawMessage {
  readonly startLine: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** What follows on the connection. */
  readonly rest: string;
}

/**
 * The first message of `bytes`; undefined: more must come. `method` is that of the request which an
 * answer is for; without it the message is a request. `hasEnded`: nothing more will come.
 */
export function readMessage(
  bytes: string,
  method?: string,
  hasEnded = false,
): RawMessage | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [startLine = '', ...lines] = bytes.slice(0, headEnd).split('\r\n');
  const fields = lines.map(fieldOf);
  const after = bytes.slice(headEnd + 4);
  const message = { startLine, fields, trailers: [], body: '', rest: after };
  const status = method === undefined ? 0 : Number(startLine.split(' ')[1]);
  if (method === 'HEAD' || [204, 304].includes(status) || (status >= 100 && status < 200)) {
    return message;
  }
  if (value(fields, 'transfer-encoding')?.toLowerCase() === 'chunked') {
    const chunked = readChunks(after);
    return chunked && { ...message, ...chunked };
  }
  const length = value(fields, 'content-length');
  if (length !== undefined) {
    const size = Number(length);
    if (after.length < size) return undefined;
    return { ...message, body: after.slice(0, size), rest: after.slice(size) };
  }
  if (method === undefined) return message;
  return hasEnded ? { ...message, body: after, rest: '' } : undefined;
}

export function value(fields: RawMessage['fields'], name: string): string | undefined {
  return fields.find(([each]) => each.toLowerCase() === name)?.[1];
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

function readChunks(bytes: string): Pick<RawMessage, 'body' | 'trailers' | 'rest'> | undefined {
  let body = '';
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (bytes.length < at + size + 2) return undefined;
    body += bytes.slice(at, at + size);
    at += size + 2;
  }
  if (bytes.startsWith('\r\n', at)) return { body, trailers: [], rest: bytes.slice(at + 2) };
  const end = bytes.indexOf('\r\n\r\n', at);
  if (end < 0) return undefined;
  return {
    body,
    trailers: bytes.slice(at, end).split('\r\n').map(fieldOf),
    rest: bytes.slice(end + 4),
  };
}

export interface Script {
  /** What it writes for a request. `reply` may be called several times. */
  readonly answer: string | ((request: RawMessage, socket: Socket) => void);
  /** It answers when the headers are there and reads no further. Default: the whole request. */
  readonly atHead?: boolean;
  readonly then?: 'close' | 'half-close' | 'reset';
  /** It sends `100 Continue` when it has read the headers. */
  readonly saysContinue?: boolean;
}

export const AGAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain';

/** A service that follows a script. `/again` it answers always, for whoever asks whether it still can. */
export class RawService {
  readonly executed: RawMessage[] = [];
  private readonly sockets = new Set<Socket>();
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(script: Script): Promise<RawService> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const service = new RawService(server, (server.address() as AddressInfo).port);
    server.on('connection', (socket) => service.serve(socket, script));
    return service;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private serve(socket: Socket, script: Script): void {
    this.sockets.add(socket);
    let bytes = '';
    let isDeaf = false;
    let hasContinued = false;
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('end', () => {
      if (!isDeaf && script.then === undefined) setTimeout(() => socket.end(), 200);
    });
    socket.on('data', (chunk: Buffer) => {
      if (isDeaf) return;
      bytes += chunk.toString('latin1');
      if (script.saysContinue && !hasContinued && /expect: 100-continue/i.test(bytes)) {
        hasContinued = true;
        socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
      for (;;) {
        const head = script.atHead ? headOf(bytes) : undefined;
        const request = head ?? readMessage(bytes);
        if (request === undefined) return;
        bytes = request.rest;
        if (request.startLine.includes(' /again ')) {
          socket.write(AGAIN);
          continue;
        }
        this.executed.push(request);
        if (typeof script.answer === 'string') socket.write(script.answer, 'latin1');
        else script.answer(request, socket);
        if (script.then === undefined) continue;
        isDeaf = true;
        // Bytes that nobody has read make the kernel reset the connection.
        if (script.atHead) socket.pause();
        if (script.then === 'half-close') socket.end();
        else if (script.then === 'reset') socket.resetAndDestroy();
        else setTimeout(() => socket.destroySoon(), 20);
        return;
      }
    });
  }
}

function headOf(bytes: string): RawMessage | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const message = readMessage(bytes.slice(0, end + 4), 'HEAD')!;
  // What is behind it is body for a service that never reads it.
  return { ...message, rest: '' };
}

export interface RawAnswer {
  readonly interims: readonly string[];
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** A second request on the same connection was answered. */
  readonly isUsable: boolean;
}

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'date',
  'trailer',
]);

export interface RawRequest {
  readonly request: string;
  /** Ends its side as soon as all is written. */
  readonly halfCloses?: boolean;
  /** Written once `100 Continue` has come. */
  readonly onContinue?: string;
}

/** Sends the bytes, reads the answer, and asks once more on the same connection. */
export async function exchange(port: number, raw: RawRequest): Promise<RawAnswer> {
  const method = raw.request.slice(0, raw.request.indexOf(' '));
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const reader = new Reader(socket);
  socket.write(raw.request, 'latin1');
  if (raw.halfCloses) socket.end();
  const interims: string[] = [];
  let final: RawMessage | undefined;
  for (;;) {
    final = await reader.next(method);
    const status = Number(final?.startLine.split(' ')[1]);
    if (final === undefined || !(status < 200) || status === 101) break;
    interims.push([status, ...plain(final)].join(' '));
    if (status === 100 && raw.onContinue !== undefined) socket.write(raw.onContinue, 'latin1');
  }
  let isUsable = false;
  if (final !== undefined && !raw.halfCloses && !reader.hasEnded) {
    socket.write('GET /again HTTP/1.1\r\nHost: service\r\n\r\n');
    isUsable = (await reader.next('GET'))?.body === 'again';
  }
  socket.destroy();
  return {
    interims,
    status: Number(final?.startLine.split(' ')[1] ?? 0),
    fields: final ? plain(final) : [],
    body: final?.body ?? '',
    trailers: final?.trailers.map(([name, each]) => `${name.toLowerCase()}: ${each}`) ?? [],
    isUsable,
  };
}

function plain({ fields }: RawMessage): string[] {
  const named =
    value(fields, 'connection')
      ?.toLowerCase()
      .split(/\s*,\s*/) ?? [];
  return fields
    .map(([name, each]) => [name.toLowerCase(), each] as const)
    .filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name))
    .map(([name, each]) => `${name}: ${each}`)
    .sort();
}

class Reader {
  hasEnded = false;
  private bytes = '';
  private wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.toString('latin1');
      this.wake();
    });
    const end = () => {
      this.hasEnded = true;
      this.wake();
    };
    socket.on('end', end);
    socket.on('error', end);
    socket.on('close', end);
    socket.setTimeout(8000, () => socket.destroy());
  }

  async next(method: string): Promise<RawMessage | undefined> {
    for (;;) {
      const message = readMessage(this.bytes, method, this.hasEnded);
      if (message !== undefined) {
        this.bytes = message.rest;
        return message;
      }
      if (this.hasEnded) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
