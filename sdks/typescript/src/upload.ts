import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UnreachableError } from './tidegate-error.js';

export interface Upload {
  readonly url: string;
  readonly token: string | null;
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** The file part: its name in the form, and the file that is read while it is sent. */
  readonly file: { readonly part: string; readonly path: string };
  readonly onProgress?: ((sentBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly agent?: Agent | undefined;
}

export interface UploadAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** A server that takes nothing and says nothing for so long is gone. */
const IDLE_MS = 120_000;
/** Longer answers are not ours. */
const ANSWER_BYTES = 1024 * 1024;

/**
 * Sends a multipart form of which one part is a file, in constant memory. Not by `fetch`: a server
 * that refuses half way through answers at once, and that answer must be read, not lost in the
 * broken pipe.
 */
export async function upload(options: Upload): Promise<UploadAnswer> {
  const { url, token, file, signal, agent } = options;
  const boundary = `tidegate-${randomUUID()}`;
  const { size } = await stat(file.path);
  const head = Buffer.from(headOf(options, boundary));
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const send = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method: 'POST',
    ...(signal ? { signal } : {}),
    ...(agent ? { agent } : {}),
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + size + tail.length,
    },
  });
  request.setTimeout(IDLE_MS, () =>
    request.destroy(new Error(`no sign of life for ${IDLE_MS} ms`)),
  );
  // Also after the answer, when nobody else listens any more.
  request.on('error', () => undefined);
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  // An answer may come before all is sent; then the broken pipe behind it is no news.
  const sent = pipeline(
    Readable.from(partsOf(head, file.path, tail)),
    counter(options, size),
    request,
  );
  sent.catch(() => undefined);
  try {
    const [response] = await answered;
    const text = await textOf(response);
    const { statusCode = 0, headers } = response;
    return { status: statusCode, retryAfter: headers['retry-after'] ?? null, text };
  } catch (error) {
    if (signal?.aborted) throw error;
    // A file that shrank or cannot be read is no matter of the network.
    if (isFileError(error, file.path)) throw error;
    throw new UnreachableError(new URL(url).origin, error);
  } finally {
    request.destroy();
  }
}

function headOf({ fields, file }: Upload, boundary: string): string {
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
  return `${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="${file.part}"; filename="artifact.tar.gz"\r\nContent-Type: application/gzip\r\n\r\n`;
}

async function* partsOf(head: Buffer, path: string, tail: Buffer): AsyncGenerator<Buffer> {
  yield head;
  for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  yield tail;
}

function counter({ onProgress }: Upload, totalBytes: number): Transform {
  let sentBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sentBytes += chunk.length;
      onProgress?.(Math.min(sentBytes, totalBytes), totalBytes);
      done(null, chunk);
    },
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isFileError(error: unknown, path: string): boolean {
  return (error as NodeJS.ErrnoException).path === path;
}
