import { once } from 'node:events';
import type { Socket } from 'socket.io-client';

const ANSWER_MS = 5_000;

/** A socket.io client that keeps what it was sent, in the order in which it came. */
export class HubClient {
  // Tests look into payloads of every kind.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly events: { name: string; payload: any }[] = [];

  constructor(readonly socket: Socket) {
    socket.onAny((name: string, payload: unknown) => this.events.push({ name, payload }));
  }

  /** Resolves when it is in, rejects with what the server said otherwise. */
  async connect(): Promise<this> {
    const answered = new Promise<void>((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', reject);
      // Before it is in: the server has had enough of waiting.
      this.socket.once('disconnect', (reason) => reject(new Error(`cut: ${reason}`)));
    });
    this.socket.connect();
    await answered;
    return this;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  ask(message: string, body?: unknown): Promise<any> {
    return this.socket
      .timeout(ANSWER_MS)
      .emitWithAck(message, ...(body === undefined ? [] : [body]));
  }

  async disconnected(): Promise<string> {
    const [reason] = (await once(this.socket as never, 'disconnect')) as [string];
    return reason;
  }

  of(deploymentId: string) {
    return this.events
      .filter(({ payload }) => payload.deploymentId === deploymentId)
      .map(({ name, payload }) => ({ name, ...payload }));
  }

  sequencesOf(deploymentId: string): number[] {
    return this.of(deploymentId)
      .filter(({ sequence }) => sequence !== undefined)
      .map(({ sequence }) => sequence as number);
  }
}
