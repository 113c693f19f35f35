import { Listeners, Signal, type SignalListener } from './signal.js';

/** For standalone mode: publisher and listeners are one process. */
export class InProcessSignal extends Signal {
  private readonly listeners = new Listeners();

  publish(topic: string, id: string): void {
    // Not in the publisher's stack: a listener must not slow down or break a commit's tail.
    setImmediate(() => this.listeners.tell(topic, id));
  }

  subscribe(topic: string, listener: SignalListener): () => void {
    return this.listeners.add(topic, listener);
  }

  async close(): Promise<void> {}
}
