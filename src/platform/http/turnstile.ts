import { limits } from '../../kernel/limits.js';

/**
 * Lets so many through in each turn of the event loop. Whoever does not have to pass (a node that
 * reports, a person who is signed in) is served in every turn, however many wait here.
 */
export class Turnstile {
  private readonly waiting: (() => void)[] = [];

  /** Null: so many wait that one more would only grow old. */
  pass(): Promise<void> | null {
    if (this.waiting.length >= limits.strangersWaiting) return null;
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 1) setImmediate(() => this.turn());
    });
  }

  private turn(): void {
    for (const enter of this.waiting.splice(0, limits.strangersPerTurn)) enter();
    if (this.waiting.length > 0) setImmediate(() => this.turn());
  }
}
