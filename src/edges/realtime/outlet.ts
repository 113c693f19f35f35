import { limits } from '../../kernel/limits.js';
import type { HubSocket } from './socket-session.js';
import type { OutletCut, SubscriberOutlet } from './subscriber.js';

/** engine.io takes frames that are made already, and keeps their order with its own packets. */
type WriteFrames = (
  data: '',
  options: { readonly wsPreEncodedFrame: readonly Buffer[]; compress: boolean },
  sent: () => void,
) => void;

/**
 * The way to one socket. It never waits: whoever lags too far behind is cut, and comes back with the
 * last that it has seen.
 */
export class Outlet implements SubscriberOutlet {
  private queuedBytes = 0;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly socket: HubSocket,
    private readonly end: (reason: OutletCut) => void,
  ) {}

  /** Bytes that its connection has not taken yet. */
  get backlogBytes(): number {
    return this.queuedBytes;
  }

  /** Whole frames, one or many: one write. */
  write(frames: Buffer): void {
    if (!this.socket.connected) return;
    if (this.queuedBytes > limits.socketBacklogBytes) return this.cut('slow');
    this.queuedBytes += frames.length;
    const { conn } = this.socket;
    (conn.write as unknown as WriteFrames).call(
      conn,
      '',
      { wsPreEncodedFrame: [frames], compress: false },
      () => this.sent(frames.length),
    );
  }

  /** Resolves when nothing waits any more, or there is nobody. */
  drained(): Promise<void> {
    if (this.queuedBytes === 0 || !this.socket.connected) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.socket.conn.once('close', resolve);
    });
  }

  cut(reason: OutletCut): void {
    this.end(reason);
  }

  private sent(bytes: number): void {
    this.queuedBytes -= bytes;
    if (this.queuedBytes > 0) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
