import type { IncomingMessage } from 'node:http';

/**
 * The client's body as undici reads it. Unlike a stream it survives a failed attempt: until undici
 * begins to iterate, nothing is read (`hasStarted` is false) and another instance can have it whole.
 * `release()` gives the request back to Node, which then drains it for the next one on the
 * connection; without it that next request would hang.
 */
export class RequestBody implements AsyncIterable<Buffer> {
  hasStarted = false;
  /** It is the client's turn: all that it has sent is read, and not all has come. */
  isWaiting = false;
  private isReleased = false;
  private wake: (() => void) | undefined;
  private readonly onEvent = () => this.wake?.();

  constructor(private readonly request: IncomingMessage) {}

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    this.hasStarted = true;
    return this.chunks();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    for (const event of EVENTS) this.request.off(event, this.onEvent);
    this.wake?.();
    if (!this.request.destroyed) this.request.resume();
  }

  private async *chunks(): AsyncGenerator<Buffer> {
    const { request } = this;
    if (!this.isReleased) for (const event of EVENTS) request.on(event, this.onEvent);
    while (!this.isReleased) {
      const chunk = request.read() as Buffer | null;
      if (chunk !== null) {
        this.isWaiting = false;
        yield chunk;
        continue;
      }
      if (request.readableEnded) {
        this.isWaiting = false;
        return;
      }
      if (request.destroyed) throw new Error('the client left in the middle of its request');
      this.isWaiting = true;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = undefined;
    }
    throw new Error('the request is over before its body was');
  }
}

const EVENTS = ['readable', 'end', 'error', 'close'] as const;
