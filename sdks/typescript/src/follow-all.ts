import { EVENTS, hub, isRefusal, refusalText, type HubSource } from './hub.js';
import { SeenDeployments, type Following, type LiveEvent } from './seen-deployments.js';

export interface FollowAllOptions {
  readonly signal?: AbortSignal | undefined;
  /** The connection is gone (a sentence), or is back (null). What was missed comes by itself. */
  readonly onOutage?: ((problem: string | null) => void) | undefined;
}

/** It was away for too long: deployments that began and ended meanwhile are not told. */
export interface FollowGap {
  readonly name: 'Gap';
  readonly payload: { readonly code: string; readonly message: string };
}

const ACKNOWLEDGE_MS = 30_000;
/** Refused where waiting may help: too many sockets, a server that is not ready. */
const AGAIN_MS = 2_000;
/** Events that nobody has taken yet: whoever takes none is better cut off than remembered for. */
const WAITING = 100_000;

/**
 * Yields every event of every deployment that one may read, from now on: once each, in order for each
 * deployment, also after the server or the network were away. A gap is said, never passed over.
 * Throws when the server refuses, or without the package socket.io-client.
 */
export async function* followAll(
  source: HubSource,
  { signal, onOutage }: FollowAllOptions = {},
): AsyncGenerator<LiveEvent | FollowGap, void, undefined> {
  const socket = await hub(source);
  if (!socket) throw new Error('To follow all deployments, install the package socket.io-client.');
  const seen = new SeenDeployments();
  const news = new News();
  let isOut = false;
  let again: NodeJS.Timeout | undefined;
  // In a callback, not a promise: events that come right behind the answer have to find it noted.
  const answered = (error: Error | null, answer: unknown) => {
    // The connection is as good as gone.
    if (error) return socket.io.engine.close();
    if (isRefusal(answer)) return news.fail(new Error(refusalText(answer)));
    const following = answer as Following;
    seen.answered(following);
    if (following.reason) news.add({ name: 'Gap', payload: following.reason });
    if (isOut) onOutage?.(null);
    isOut = false;
  };
  socket.on('connect', () => {
    socket.timeout(ACKNOWLEDGE_MS).emit('SubscribeToAllDeployments', seen.body(), answered);
  });
  socket.on('connect_error', (error: Error & { data?: unknown }) => {
    if (socket.active) return;
    const code = (error.data as { code?: string } | undefined)?.code;
    if (code !== 'too-many-sockets') return news.fail(error);
    again = setTimeout(() => socket.connect(), AGAIN_MS);
  });
  socket.on('disconnect', (reason) => {
    if (reason === 'io client disconnect') return;
    if (!isOut) onOutage?.(`The live connection was closed (${reason})`);
    isOut = true;
    // Whom the server has cut, it lets in again, if the token still counts.
    if (!socket.active) socket.connect();
  });
  socket.on('DeploymentsUpTo', ({ since }: { since: string }) => seen.upTo(since));
  for (const name of EVENTS) {
    socket.on(name, (payload: LiveEvent['payload']) => {
      if (seen.take({ name, payload })) news.add({ name, payload });
    });
  }
  const stop = () => news.fail(signal!.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    for (;;) yield await news.next();
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(again);
    socket.disconnect();
  }
}

/** What has come, in order, until somebody takes it. */
class News {
  private readonly waiting: (LiveEvent | FollowGap)[] = [];
  private error: Error | undefined;
  private wake: (() => void) | undefined;

  add(event: LiveEvent | FollowGap): void {
    if (this.waiting.length >= WAITING)
      return this.fail(new Error('Events came faster than they were taken.'));
    this.waiting.push(event);
    this.wake?.();
  }

  fail(error: Error): void {
    this.error ??= error;
    this.wake?.();
  }

  async next(): Promise<LiveEvent | FollowGap> {
    for (;;) {
      if (this.error) throw this.error;
      const event = this.waiting.shift();
      if (event) return event;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
