import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { messageOf } from '../../kernel/errors.js';
import type { InstanceRecord } from '../journal/journal.js';
import type { Manifest } from '../protocol/manifest.js';
import { GenerationEnd } from './generation-end.js';
import type { InstanceEnds } from './instance-ends.js';
import { isRunning } from './instances.js';
import type { Launcher } from './launcher.js';

/** The first look comes early, so that a quick start makes a quick swap. */
const FIRST_PAUSE_MS = 25;
/** How it ended is heard of at once, unless an earlier agent had started it. */
const HEAR_MS = 1000;
/** Scripts ask about twice a second whether what they have started answers. */
const LEAST_PROOF_MS = 1000;
const DAEMON_PAUSE_MS = 300;

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
  options: { signal: AbortSignal; launcher: Pick<Launcher, 'ends' | 'lastWords'> },
): Promise<void> {
  const { intervalMs, startTimeoutMs } = manifest.health;
  const startedAt = performance.now();
  let pauseMs = Math.min(FIRST_PAUSE_MS, intervalMs);
  let last = 'it has not answered yet';
  let answersSince: number | null = null;
  for (;;) {
    options.signal.throwIfAborted();
    if (!isRunning(record)) throw await ended(record, options);
    const elapsedMs = performance.now() - startedAt;
    if (manifest.traffic) {
      const problem = await probe(record, manifest);
      // Answered by it, or by somebody else on its port while it was on its way out?
      if (problem === null && isRunning(record)) {
        answersSince ??= performance.now();
        // A script that starts a daemon, waits for it and ends would be gone a moment later.
        const proofMs = Math.max(LEAST_PROOF_MS, 2 * intervalMs);
        const hasProved = performance.now() - answersSince >= proofMs;
        if (hasProved || !isAnsweredByAnother(record, options.launcher.ends)) return;
      }
      last = problem ?? last;
    } else if (elapsedMs >= 2 * intervalMs) {
      return;
    }
    if (performance.now() - startedAt > startTimeoutMs) {
      throw new GenerationEnd(
        'failed',
        'never-healthy',
        `${named(record)} was not healthy within ${startTimeoutMs} ms: ${last}. ${options.launcher.lastWords(record)}`,
      );
    }
    await pause(pauseMs, undefined, { signal: options.signal });
    pauseMs = Math.min(pauseMs * 2, intervalMs);
  }
}

function isAnsweredByAnother(record: InstanceRecord, ends: InstanceEnds): boolean {
  const listeners = ends.listeners(record);
  return listeners.length > 0 && !listeners.includes(record.identity!.pid);
}

async function ended(
  record: InstanceRecord,
  { signal, launcher }: { signal: AbortSignal; launcher: Pick<Launcher, 'ends' | 'lastWords'> },
): Promise<GenerationEnd> {
  const { ends } = launcher;
  const deadline = performance.now() + HEAR_MS;
  while (!ends.hasHeardOf(record.instance) && performance.now() < deadline) {
    await pause(FIRST_PAUSE_MS, undefined, { signal });
  }
  // What merely ends a moment after its leader is no daemon.
  if (ends.daemonised(record) !== null) await pause(DAEMON_PAUSE_MS, undefined, { signal });
  const daemonised = ends.daemonised(record);
  if (daemonised !== null) {
    return new GenerationEnd('failed', 'daemonised', `${named(record)}: ${daemonised}`);
  }
  const message = `${named(record)} ended before it was healthy. ${launcher.lastWords(record)}`;
  return new GenerationEnd('failed', 'exited', message);
}

function named(record: InstanceRecord): string {
  return `${record.moduleName} ${record.release.version}`;
}
