import { setTimeout as pause } from 'node:timers/promises';
import type { InstanceRecord } from '../journal/journal.js';
import type { Manifest } from '../protocol/manifest.js';
import { askInstance, type InstanceAnswer } from './ask-instance.js';
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

/** Of an answer; a health check that says more is not one, and may never end. */
export const CHECK_BYTES = 64 * 1024;

/** Null when the instance answers 2xx, whole and in time, else what it did instead. */
export async function probe(
  record: Pick<InstanceRecord, 'port'>,
  manifest: Manifest,
): Promise<string | null> {
  const { path, timeoutMs, host, headers } = manifest.health;
  const options = { host, headers, timeoutMs, mostBytes: CHECK_BYTES };
  return problemOf(path, await askInstance(record.port, path, options));
}

/** Null when a check is passed with it. */
export function problemOf(path: string, answer: InstanceAnswer | string): string | null {
  if (typeof answer === 'string') return `${path} ${answer}`;
  const { status, isWhole } = answer;
  if (status >= 300 && status < 400) {
    return `${path} answered ${status}: redirects are not followed; name the path that answers 2xx, or set health.host`;
  }
  if (status === 404) {
    return `${path} answered 404: set health.path to the one that answers 2xx`;
  }
  if (status >= 400) return `${path} answered ${status}`;
  if (!isWhole) return `${path} answered with more than ${CHECK_BYTES / 1024} KiB`;
  return null;
}

/**
 * Waits until the instance answers its health check, and has for `stableMs` without a break: many a
 * release dies of its first work a moment after its first good answer. A module without traffic has
 * nothing to ask: it counts as healthy when it still runs two intervals, and that long, after its start.
 * It may begin to be healthy up to `startTimeoutMs`. Throws GenerationEnd.
 */
export async function untilHealthy(
  record: InstanceRecord,
  manifest: Manifest,
  options: {
    signal: AbortSignal;
    launcher: Pick<Launcher, 'ends' | 'lastWords'>;
    stableMs: number;
  },
): Promise<void> {
  const { intervalMs, startTimeoutMs } = manifest.health;
  const { stableMs, signal, launcher } = options;
  const startedAt = performance.now();
  let pauseMs = Math.min(FIRST_PAUSE_MS, intervalMs);
  let last = 'it has not answered yet';
  let healthySince: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    await stillRuns(record, options);
    let leftMs: number;
    if (manifest.traffic) {
      const problem = await probe(record, manifest);
      // Answered by it, or by somebody else on its port while it was on its way out?
      const isWell = problem === null && isRunning(record);
      last = problem ?? last;
      healthySince = isWell ? (healthySince ?? performance.now()) : null;
      leftMs = isWell ? leftOf(healthySince!, neededMs(record, manifest, options)) : Infinity;
    } else {
      healthySince = startedAt;
      leftMs = leftOf(startedAt, Math.max(2 * intervalMs, stableMs));
    }
    if (leftMs <= 0) return;
    if (healthySince === null && performance.now() - startedAt > startTimeoutMs) {
      throw new GenerationEnd(
        'failed',
        'never-healthy',
        `${named(record)} was not healthy within ${startTimeoutMs} ms: ${last}.${elsewhere(record, launcher.ends)} ${launcher.lastWords(record)}`,
      );
    }
    await pause(Math.min(pauseMs, leftMs), undefined, { signal });
    pauseMs = Math.min(pauseMs * 2, intervalMs);
  }
}

/** Throws GenerationEnd with the cause when it has ended. */
export async function stillRuns(
  record: InstanceRecord,
  options: { signal: AbortSignal; launcher: Pick<Launcher, 'ends' | 'lastWords'> },
): Promise<void> {
  if (!isRunning(record)) throw await ended(record, options);
}

function leftOf(since: number, neededMs: number): number {
  return since + neededMs - performance.now();
}

/** A script that starts a daemon, waits for it and ends would be gone a moment later. */
function neededMs(
  record: InstanceRecord,
  { health }: Manifest,
  { launcher, stableMs }: { launcher: Pick<Launcher, 'ends'>; stableMs: number },
): number {
  if (!isAnsweredByAnother(record, launcher.ends)) return stableMs;
  return Math.max(LEAST_PROOF_MS, 2 * health.intervalMs, stableMs);
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

/** By far the most common reason: a port that is written into the program. */
function elsewhere(record: InstanceRecord, ends: Pick<InstanceEnds, 'ports'>): string {
  const ports = ends.ports(record);
  if (ports.includes(record.port)) return '';
  if (ports.length === 0) {
    return ` It listens on no port: it has to listen on the one in PORT, ${record.port}.`;
  }
  const where = ports.length === 1 ? `port ${ports[0]}` : `ports ${ports.slice(0, 5).join(', ')}`;
  return ` It listens on ${where}: it has to listen on the one in PORT, ${record.port}.`;
}

function named(record: InstanceRecord): string {
  return `${record.moduleName} ${record.release.version}`;
}
