export type SignalListener = (id: string) => void;

/**
 * "Something about X has changed", to whoever listens in any process. Best effort and unordered:
 * the truth is read from PostgreSQL, and everyone who listens also looks by itself now and then.
 */
export abstract class Signal {
  /** Never throws; call it after commit. */
  abstract publish(topic: string, id: string): void;
  /** Returns the way to stop listening. */
  abstract subscribe(topic: string, listener: SignalListener): () => void;
  abstract close(): Promise<void>;
}

/** Listeners of one process, by topic; the half that every driver shares. */
export class Listeners {
  private readonly byTopic = new Map<string, Set<SignalListener>>();

  add(topic: string, listener: SignalListener): () => void {
    const listeners = this.byTopic.get(topic) ?? new Set();
    this.byTopic.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.byTopic.get(topic) === listeners) this.byTopic.delete(topic);
    };
  }

  tell(topic: string, id: string): void {
    for (const listener of this.byTopic.get(topic) ?? []) listener(id);
  }
}
