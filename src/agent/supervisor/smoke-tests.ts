import type { Smoke, SmokeTest } from '../../kernel/smoke-test.js';
import type { InstanceRecord } from '../journal/journal.js';
import { askInstance, type AskedAs } from './ask-instance.js';
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
  { signal, health }: { signal: AbortSignal; health: AskedAs },
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  for (const [index, test] of tests.entries()) {
    for (let time = 1; time <= test.count; time += 1) {
      const leftMs = Math.floor(endsAt - performance.now());
      const problem =
        leftMs > 0
          ? await ask(record.port, test, {
              host: health.host,
              headers: health.headers,
              signal,
              timeoutMs: Math.min(leftMs, ANSWER_MS),
              mostBytes: ANSWER_BYTES,
            })
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

/** Null when the answer is as expected; of one that is longer than the limit its beginning counts. */
async function ask(
  port: number,
  { path, status, body: expected }: SmokeTest,
  options: Parameters<typeof askInstance>[2],
): Promise<string | null> {
  const answer = await askInstance(port, path, options);
  if (typeof answer === 'string') return `it ${answer}`;
  if (answer.status !== status) return `it answered ${answer.status}, expected ${status}`;
  if (expected === undefined || answer.body.includes(expected)) return null;
  return `its answer does not contain "${expected}"`;
}
