/** Stand-ins for systems that decide about changes: any, and as much of ServiceNow as its example uses. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Question {
  readonly id: string;
  readonly deployment: { readonly id: string };
  readonly subjectDigest: string;
  readonly nonce: string;
  readonly callbackUrl: string;
}

/** The other side, as it behaves or does not. */
export class StandIn {
  readonly got: { headers: IncomingHttpHeaders; body: string }[] = [];
  statuses: number[] = [];
  holding: Promise<void> = Promise.resolve();
  private server!: Server;

  async start(): Promise<string> {
    this.server = createServer((request, reply) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.got.push({ headers: request.headers, body });
        const status = this.statuses.shift() ?? 200;
        const headers = status === 302 ? { location: '/' } : {};
        void this.holding.then(() => reply.writeHead(status, headers).end('<html>'));
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/gate?key=in-the-url`;
  }

  last(): Question {
    return JSON.parse(this.got.at(-1)!.body) as Question;
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export const recordOf = (row: Record<string, string>) => ({
  getValue: (name: string) => row[name] ?? null,
});

/** As much of ServiceNow as the example uses. */
export function serviceNow(
  changes: Record<string, string>[],
  sent: { url: string; headers: Record<string, string>; body: string }[],
  secret: string,
): object {
  class GlideRecord {
    private readonly row: Record<string, string> = {};
    get = (name: string, value: string) => changes.some((one) => one[name] === value);
    initialize = () => undefined;
    setValue = (name: string, value: string) => void (this.row[name] = value);
    insert = () => void changes.push(this.row);
  }
  class RESTMessageV2 {
    private readonly message = { url: '', headers: {} as Record<string, string>, body: '' };
    setHttpMethod = () => undefined;
    setEndpoint = (url: string) => void (this.message.url = url);
    setRequestHeader = (name: string, value: string) => void (this.message.headers[name] = value);
    setRequestBody = (body: string) => void (this.message.body = body);
    execute = () => ({ getStatusCode: () => sent.push(this.message) });
  }
  class GlideCertificateEncryption {
    generateMac = (key: string, _algorithm: string, data: string) =>
      createHmac('sha256', Buffer.from(key, 'base64')).update(data).digest('base64');
  }
  return {
    Class: {
      create: () =>
        function (this: { initialize(): void }) {
          this.initialize();
        },
    },
    gs: { getProperty: () => secret },
    GlideStringUtil: { base64Encode: (text: string) => Buffer.from(text).toString('base64') },
    GlideCertificateEncryption,
    GlideDateTime: class {
      getNumericValue = () => Date.now();
    },
    GlideRecord,
    sn_ws: { RESTMessageV2 },
  };
}
