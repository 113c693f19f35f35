/** A server that messages are sent to: takes, refuses, hangs or goes as a test wants it, and remembers. */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { Certificate } from './certificates.js';

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly at: number;
}

interface Said {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Receiver {
  readonly received: Received[] = [];
  /** What is said to each; one that never resolves hangs. */
  answer: (to: Received) => Said | Promise<Said> = () => ({});
  private readonly server: Server;

  private constructor(
    private readonly scheme: 'http' | 'https',
    certificate?: Certificate,
  ) {
    const serve = (request: IncomingMessage, response: ServerResponse) =>
      void this.serve(request, response);
    this.server = certificate ? createHttps(certificate, serve) : createHttp(serve);
  }

  static async start(certificate?: Certificate): Promise<Receiver> {
    const made = new Receiver(certificate ? 'https' : 'http', certificate);
    await new Promise<void>((done) => made.server.listen(0, '127.0.0.1', done));
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/hook', host = '127.0.0.1'): string {
    return `${this.scheme}://${host}:${this.port}${path}`;
  }

  /** What it has got, read as JSON. */
  get bodies(): Record<string, unknown>[] {
    return this.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    (this.server as ReturnType<typeof createHttp>).closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request) body += String(chunk);
    const headers = request.headers as Record<string, string>;
    const got = { path: request.url ?? '', headers, body, at: performance.now() };
    this.received.push(got);
    const said = await this.answer(got);
    response.writeHead(said.status ?? 200, said.headers ?? {}).end(said.body ?? '');
  }
}

/** Never: what hangs is cut by whoever waits. */
export const hang = (): Promise<Said> => new Promise(() => undefined);
