import { limits } from '../../kernel/limits.js';
import { downloadsFull, downloadsLimit } from './http.errors.js';

/**
 * Answers that are streamed and last as long as their reader takes: each holds a file and a connection.
 * So many at once for one caller, so that nobody takes them all, and so many in this process.
 */
export class StreamPlaces {
  private readonly open = new Map<string, number>();
  private all = 0;

  /** Asked for each place: it may change. */
  constructor(private readonly perCaller: () => number) {}

  /** Answers the way to give the place back, twice without harm. Throws 429 or 503 without a place. */
  take(caller: string): () => void {
    const mine = this.open.get(caller) ?? 0;
    const perCaller = this.perCaller();
    if (mine >= perCaller) throw downloadsLimit(perCaller);
    if (this.all >= limits.streamsPerProcess) throw downloadsFull();
    this.open.set(caller, mine + 1);
    this.all += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.leave(caller);
    };
  }

  private leave(caller: string): void {
    this.all -= 1;
    const left = (this.open.get(caller) ?? 1) - 1;
    if (left > 0) this.open.set(caller, left);
    else this.open.delete(caller);
  }
}
