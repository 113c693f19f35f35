export interface FoldOptions {
  /** Of a kind that has been quiet, so many are told at once. */
  readonly atOnce: number;
  /** While it goes on, one more is told after each such time. */
  readonly everyMs: number;
  /** Kinds that are told apart at one time; all beyond them are one kind. */
  readonly kinds: number;
}

interface Kind {
  left: number;
  folded: number;
  tellRest: (folded: number) => void;
  readonly timer: NodeJS.Timeout;
}

const OTHER = 'other';

/**
 * Keeps what comes in floods from being told in floods: of each kind some, then one after each time
 * with the number of those that were not told. Nothing is forgotten but who they were.
 */
export class Fold {
  private readonly active = new Map<string, Kind>();

  constructor(private readonly options: FoldOptions) {}

  /** True: tell it now. Else it is counted, and the last one's `tellRest` is called with the count. */
  admits(name: string, tellRest: (folded: number) => void): boolean {
    const kind = this.kindOf(name);
    if (kind.left > 0 && kind.folded === 0) {
      kind.left -= 1;
      return true;
    }
    kind.folded += 1;
    kind.tellRest = tellRest;
    return false;
  }

  private kindOf(name: string): Kind {
    const isRoom = this.active.size < this.options.kinds;
    const key = this.active.has(name) || isRoom ? name : OTHER;
    let kind = this.active.get(key);
    if (!kind) {
      // It must not keep a process alive.
      const timer = setInterval(() => this.tick(key), this.options.everyMs).unref();
      kind = { left: this.options.atOnce, folded: 0, tellRest: () => undefined, timer };
      this.active.set(key, kind);
    }
    return kind;
  }

  private tick(key: string): void {
    const kind = this.active.get(key)!;
    const { folded } = kind;
    if (folded > 0) {
      kind.folded = 0;
      kind.tellRest(folded);
      return;
    }
    kind.left += 1;
    if (kind.left < this.options.atOnce) return;
    clearInterval(kind.timer);
    this.active.delete(key);
  }
}
