import { request } from 'undici';
import { messageOf } from '../../kernel/errors.js';
import type { Smoke, SmokeTest } from '../../kernel/smoke-test.js';
import type { InstanceRecord } from '../journal/journal.js';
import { GenerationEnd } from './generation-end.js';

/** One answer may take this long, and be this large. */
const ANSWER_MS = 10_000;
const ANSWER_BYTES = 1024 * 1024;

/**
 * Asks the new instance itself, past the front, as a client would: nobody else can reach it before
 * it gets traffic. The first test that is not passed ends the generation, by name.
 */
export async function passSmokeTests(
  record: Pick<InstanceRecord, 'port' | 'moduleName' | 'release'>,
  { tests, timeoutMs }: Smoke,
  signal: AbortSignal,
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  for (const [index, test] of tests.entries()) {
    for (let time = 1; time <= test.count; time += 1) {
      const leftMs = Math.floor(endsAt - performance.now());
      const problem =
        leftMs > 0
          ? await ask(record.port, test, Math.min(leftMs, ANSWER_MS), signal)
          : `the time for all smoke tests (${timeoutMs} ms) is over`;
      signal.throwIfAborted();
      if (problem === null) continue;
      const which = `smoke test ${index + 1} of ${tests.length}, GET ${test.path}`;
      const repeated = test.count > 1 ? ` (${time} of ${test.count})` : '';
      throw new GenerationEnd(
        'failed',
        'smoke-test-failed',
        `${record.moduleName} ${record.release.version} did not pass ${which}${repeated}: ${problem}.`,
      );
    }
  }
}

/** Null when the answer is as expected. */
async function ask(
  port: number,
  { path, status, body: expected }: SmokeTest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, {
      reset: true,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (statusCode !== status) {
      await body.dump();
      return `it answered ${statusCode}, expected ${status}`;
    }
    if (expected === undefined) {
      await body.dump();
      return null;
    }
    const text = await readUpTo(body, ANSWER_BYTES);
    return text.includes(expected) ? null : `its answer does not contain "${expected}"`;
  } catch (error) {
    return `it did not answer within ${timeoutMs} ms (${messageOf(error) || 'no connection'})`;
  }
}

async function readUpTo(body: AsyncIterable<Buffer>, mostBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    parts.push(part);
    bytes += part.length;
    if (bytes >= mostBytes) break;
  }
  return Buffer.concat(parts).subarray(0, mostBytes).toString('utf8');
}
