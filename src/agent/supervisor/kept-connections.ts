import { Client } from 'undici';
import type { Clock } from '../../kernel/clock.js';
import { messageOf } from '../../kernel/errors.js';
import type { InstanceRecord } from '../journal/journal.js';
import type { Manifest } from '../protocol/manifest.js';
import type { InstanceAnswer } from './ask-instance.js';
import { CHECK_BYTES, probe, problemOf } from './health.js';

/**
 * The check after that is the last one over a connection. An instance that takes no new ones, for want of
 * descriptors say, must not go on looking well.
 */
const KEPT_MS = 7_000;
/** Longer than a connection is kept: it is closed by us, or by the service. */
const IDLE_MS = 120_000;
/** Who did not answer over a kept connection is asked over new ones for so long. */
const NEW_ONES_MS = 10 * 60_000;

interface Kept {
  readonly client: Client;
  /** Since when it is open; null: it is not. */
  openSince: number | null;
  /** Until then it is not used. */
  restsUntil: number;
}

type Asked = Pick<InstanceRecord, 'instance' | 'port'>;

/**
 * Health checks over one connection for each instance, which cost a fraction of those over a new one each.
 * A check is passed with the same answers. That a service closes its connection whenever it likes is no
 * failure: it is asked once more at once, over a new one.
 */
export class KeptConnections {
  private readonly connections = new Map<string, Kept>();

  constructor(private readonly clock: Clock) {}

  /** Null when the instance answers as it should, else what it did instead. */
  async probe(asked: Asked, manifest: Manifest, mayKeep: boolean): Promise<string | null> {
    const from = this.clock.monotonic();
    if (!mayKeep || manifest.traffic?.reuse === 'never') return probe(asked, manifest);
    const kept = this.connectionOf(asked);
    if (from < kept.restsUntil) return probe(asked, manifest);
    const { openSince } = kept;
    const isLast = openSince !== null && from - openSince >= KEPT_MS;
    const { answer, isCut } = await ask(kept.client, manifest.health, isLast);
    const { path, timeoutMs } = manifest.health;
    const problem = problemOf(path, answer);
    if (problem === null || openSince === null) return problem;
    if (!isCut) {
      kept.restsUntil = this.clock.monotonic() + NEW_ONES_MS;
      return problem;
    }
    const leftMs = Math.max(1, timeoutMs - (this.clock.monotonic() - from));
    return probe(asked, { ...manifest, health: { ...manifest.health, timeoutMs: leftMs } });
  }

  /** Before the instance is told to end: many a service waits for its connections then. */
  close(instance: string): void {
    void this.connections.get(instance)?.client.destroy();
    this.connections.delete(instance);
  }

  closeAll(): void {
    for (const instance of [...this.connections.keys()]) this.close(instance);
  }

  private connectionOf({ instance, port }: Asked): Kept {
    const known = this.connections.get(instance);
    if (known && !known.client.destroyed) return known;
    const client = new Client(`http://127.0.0.1:${port}`, {
      // Each check has a time of its own, for the whole.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
    });
    const kept: Kept = { client, openSince: null, restsUntil: known?.restsUntil ?? 0 };
    client.on('connect', () => (kept.openSince = this.clock.monotonic()));
    client.on('disconnect', () => (kept.openSince = null));
    this.connections.set(instance, kept);
    return kept;
  }
}

interface Outcome {
  readonly answer: InstanceAnswer | string;
  /** The connection ended before an answer began: perhaps it was closed since the last one. */
  readonly isCut: boolean;
}

/** One GET, read to its end. Redirects are not followed. */
function ask(client: Client, health: Manifest['health'], isLast: boolean): Promise<Outcome> {
  const { path, timeoutMs, host, headers } = health;
  return new Promise((resolve) => {
    let status = 0;
    let bytes = 0;
    let isLate = false;
    const end = (answer: InstanceAnswer | string, isCut = false) => {
      clearTimeout(timer);
      resolve({ answer, isCut });
    };
    const timer = setTimeout(() => {
      isLate = true;
      // Also when it has not come to be connected.
      void client.destroy();
    }, timeoutMs);
    client.dispatch(
      {
        method: 'GET',
        path,
        reset: isLast,
        headers: { ...headers, ...(host === undefined ? {} : { host }) },
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, statusCode) => {
          status = statusCode;
        },
        onResponseData: (controller, part) => {
          bytes += part.length;
          if (bytes <= CHECK_BYTES) return;
          end({ status, body: '', isWhole: false });
          controller.abort(new Error('more than a check needs'));
        },
        onResponseEnd: () => end({ status, body: '', isWhole: true }),
        onResponseError: (_controller, error) => {
          const what = status > 0 ? 'did not finish its answer' : 'did not answer';
          const why = isLate ? `within ${timeoutMs} ms` : messageOf(error) || 'no connection';
          end(`${what} (${why})`, status === 0 && !isLate);
        },
      },
    );
  });
}
