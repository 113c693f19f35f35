import { request } from 'undici';
import { messageOf } from '../../kernel/errors.js';
import type { Manifest } from '../protocol/manifest.js';

export interface InstanceAnswer {
  readonly status: number;
  /** As far as `mostBytes`. */
  readonly body: string;
  readonly isWhole: boolean;
}

/** As whom to ask: frameworks refuse a Host that they do not know. */
export type AskedAs = Pick<Manifest['health'], 'host' | 'headers'>;

/**
 * One GET, past the front, read to its end: that an answer has begun says little. Redirects are not
 * followed. A text says why there was no whole answer in time.
 */
export async function askInstance(
  port: number,
  path: string,
  options: AskedAs & { timeoutMs: number; mostBytes: number; signal?: AbortSignal },
): Promise<InstanceAnswer | string> {
  const { timeoutMs, mostBytes, host, headers, signal } = options;
  const late = AbortSignal.timeout(timeoutMs);
  let hasBegun = false;
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, {
      reset: true,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      headers: { ...headers, ...(host === undefined ? {} : { host }) },
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    hasBegun = true;
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      bytes += part.length;
      if (bytes > mostBytes) break;
    }
    const text = Buffer.concat(parts).subarray(0, mostBytes).toString('utf8');
    return { status: statusCode, body: text, isWhole: bytes <= mostBytes };
  } catch (error) {
    const what = hasBegun ? 'did not finish its answer' : 'did not answer';
    const reason = late.aborted ? `within ${timeoutMs} ms` : messageOf(error) || 'no connection';
    return `${what} (${reason})`;
  }
}
