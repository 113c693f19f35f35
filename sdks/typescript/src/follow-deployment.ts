import { setTimeout as delay } from 'node:timers/promises';
import type { components } from './schema.js';
import { openHints, type HintSource } from './live-hints.js';
import { TidegateError, UnreachableError } from './tidegate-error.js';

export type Deployment = components['schemas']['Deployment'];
export type DeploymentEvent = components['schemas']['DeploymentEvent'];
type EventPage = components['schemas']['DeploymentEvents'];

export interface FollowOptions {
  /** Only events after this one; 0 (the default) begins at the creation. */
  readonly afterSequence?: number;
  readonly signal?: AbortSignal | undefined;
  /** How often to look without the WebSocket. */
  readonly pollMs?: number;
  /** False: never open a WebSocket. */
  readonly live?: boolean;
  /** The server stopped answering (a sentence), or answers again (null). */
  readonly onOutage?: ((problem: string | null) => void) | undefined;
}

/** What is new since the last step: the deployment as it is now, and the events in between. */
export interface DeploymentNews {
  readonly deployment: Deployment;
  readonly events: readonly DeploymentEvent[];
}

export interface FollowReads {
  deployment(): Promise<Deployment>;
  eventsAfter(sequence: number): Promise<EventPage>;
}

const POLL_MS = 1000;
/** With hints, looking is only for the hint that was lost. */
const LIVE_POLL_MS = 10_000;
/** A burst of hints is one look. */
const LEAST_MS = 200;
const OUTAGE_POLL_MS = 2000;

const FINAL = ['Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected'];

export function isFinal(status: string): boolean {
  return FINAL.includes(status);
}

/**
 * Yields at once and then whenever anything has changed; ends when the deployment is over. Events
 * come in order and once each. Outages are waited out: whoever follows decides how long.
 */
export async function* followDeployment(
  reads: FollowReads,
  hints: Omit<HintSource, 'onHint'>,
  options: FollowOptions = {},
): AsyncGenerator<DeploymentNews, void, undefined> {
  const { signal, onOutage } = options;
  let sequence = options.afterSequence ?? 0;
  let before: string | undefined;
  const bell = new Bell();
  const live =
    options.live === false ? null : await openHints({ ...hints, onHint: () => bell.ring() });
  let isOut = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const news = await look(reads, sequence).catch((error: unknown) => {
        if (!isOutage(error)) throw error;
        if (!isOut) onOutage?.((error as Error).message);
        isOut = true;
        return null;
      });
      if (news) {
        if (isOut) onOutage?.(null);
        isOut = false;
        const now = JSON.stringify(news.deployment);
        if (now !== before || news.events.length > 0) yield news;
        before = now;
        sequence = news.events.at(-1)?.sequence ?? sequence;
        if (isFinal(news.deployment.status)) return;
      }
      const pollMs = live?.isLive() ? LIVE_POLL_MS : (options.pollMs ?? POLL_MS);
      await bell.wait(isOut ? OUTAGE_POLL_MS : pollMs, signal);
    }
  } finally {
    live?.close();
  }
}

/** The deployment first: the events read after it are at least those that made it so. */
async function look(reads: FollowReads, after: number): Promise<DeploymentNews> {
  const deployment = await reads.deployment();
  const events: DeploymentEvent[] = [];
  for (let sequence = after; deployment.sequence > sequence;) {
    const page = await reads.eventsAfter(sequence);
    events.push(...page.items);
    sequence = page.items.at(-1)?.sequence ?? deployment.sequence;
    if (page.nextCursor === null) break;
  }
  return { deployment, events };
}

function isOutage(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof TidegateError && (error.status >= 500 || error.status === 429);
}

/** Waits for a time or a ring, whichever is first; a ring while nobody waits is not forgotten. */
class Bell {
  private hasRung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.hasRung = true;
    this.wake?.();
  }

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    const started = performance.now();
    const rung = new Promise<void>((resolve) => {
      this.wake = resolve;
      if (this.hasRung) resolve();
    });
    try {
      await Promise.race([rung, delay(ms, undefined, { signal: either })]);
      const leftMs = LEAST_MS - (performance.now() - started);
      if (leftMs > 0) await delay(Math.min(leftMs, ms), undefined, { signal: either });
    } finally {
      this.wake = undefined;
      this.hasRung = false;
      over.abort();
    }
  }
}
