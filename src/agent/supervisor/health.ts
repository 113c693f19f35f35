import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { messageOf } from '../../kernel/errors.js';
import type { InstanceRecord } from '../journal/journal.js';
import type { Manifest } from '../protocol/manifest.js';
import { GenerationEnd } from './generation-end.js';
import { isRunning } from './instances.js';

/** The first look comes early, so that a quick start makes a quick swap. */
const FIRST_PAUSE_MS = 25;

/** Null when the instance answers 2xx or 3xx, else what it did instead. */
export async function probe(record: InstanceRecord, manifest: Manifest): Promise<string | null> {
  const { path, timeoutMs } = manifest.health;
  try {
    const answer = await request(`http://127.0.0.1:${record.port}${path}`, {
      reset: true,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body.dump();
    return answer.statusCode < 400 ? null : `${path} answered ${answer.statusCode}`;
  } catch (error) {
    return `${path} did not answer (${messageOf(error) || 'no connection'})`;
  }
}

/**
 * Waits until the instance answers its health check. A module without traffic has nothing to ask:
 * it counts as healthy when it still runs two intervals after its start. Throws GenerationEnd.
 */
export async function untilHealthy(
  record: InstanceRecord,
  manifest: Manifest,
  options: { signal: AbortSignal; lastWords: (record: InstanceRecord) => string },
): Promise<void> {
  const { intervalMs, startTimeoutMs } = manifest.health;
  const startedAt = performance.now();
  let pauseMs = Math.min(FIRST_PAUSE_MS, intervalMs);
  let last = 'it has not answered yet';
  for (;;) {
    options.signal.throwIfAborted();
    if (!isRunning(record)) {
      throw new GenerationEnd(
        'failed',
        'exited',
        `${named(record)} ended before it was healthy. ${options.lastWords(record)}`,
      );
    }
    const elapsedMs = performance.now() - startedAt;
    if (manifest.traffic) {
      const problem = await probe(record, manifest);
      // Answered by it, or by somebody else on its port while it was on its way out?
      if (problem === null && isRunning(record)) return;
      last = problem ?? last;
    } else if (elapsedMs >= 2 * intervalMs) {
      return;
    }
    if (performance.now() - startedAt > startTimeoutMs) {
      throw new GenerationEnd(
        'failed',
        'never-healthy',
        `${named(record)} was not healthy within ${startTimeoutMs} ms: ${last}. ${options.lastWords(record)}`,
      );
    }
    await pause(pauseMs, undefined, { signal: options.signal });
    pauseMs = Math.min(pauseMs * 2, intervalMs);
  }
}

function named(record: InstanceRecord): string {
  return `${record.moduleName} ${record.release.version}`;
}
