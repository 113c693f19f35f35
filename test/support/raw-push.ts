import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export const BOUNDARY = 'boundary-of-a-test';

/** The bytes of a form written by hand, so that it can be wrong in any way. */
export function rawForm(parts: readonly { head: string; content: string | Buffer }[]): Buffer {
  const chunks: Buffer[] = [];
  for (const { head, content } of parts) {
    chunks.push(Buffer.from(`--${BOUNDARY}\r\n${head}\r\n\r\n`));
    chunks.push(Buffer.from(content), Buffer.from('\r\n'));
  }
  chunks.push(Buffer.from(`--${BOUNDARY}--\r\n`));
  return Buffer.concat(chunks);
}

export const field = (name: string) => `Content-Disposition: form-data; name="${name}"`;
export const file = (name: string) =>
  `${field(name)}; filename="${name}.bin"\r\nContent-Type: application/octet-stream`;

export interface RawPush {
  readonly socket: Socket;
  /** Everything that came back until the server closed or the answer was whole. */
  readonly answer: () => Promise<{ status: number; text: string }>;
}

/** A push over a bare socket: the length that is announced and the bytes that are sent may differ. */
export async function rawPush(
  url: string,
  options: { tenantId: string; announced: number | 'chunked' },
): Promise<RawPush> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  // A reset is one of the ways in which a server may end what it refused.
  socket.on('error', () => undefined);
  const length =
    options.announced === 'chunked'
      ? 'Transfer-Encoding: chunked'
      : `Content-Length: ${options.announced}`;
  socket.write(
    [
      `POST ${pathname} HTTP/1.1`,
      `Host: ${hostname}`,
      `X-Test-Tenant: ${options.tenantId}`,
      'X-Test-Role: Admin',
      `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
      length,
      '\r\n',
    ].join('\r\n'),
  );
  const isWhole = () => {
    const [head, ...rest] = text.split('\r\n\r\n');
    const announced = /content-length: (\d+)/i.exec(head ?? '')?.[1];
    return announced !== undefined && rest.join('\r\n\r\n').length >= Number(announced);
  };
  const answer = async () => {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (isWhole() || socket.closed) resolve();
      };
      socket.on('data', look).on('close', look);
      look();
    });
    return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
  };
  return { socket, answer };
}
