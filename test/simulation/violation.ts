/**
 * The invariants, as docs/reliability.md numbers them, and the promises that have a name only:
 * what a node is told last is what it comes to run, one rollout at a time moves a cluster's module,
 * and what a worker remembers is what is stored.
 */
export type Invariant = 'I1' | 'I2' | 'I4' | 'I5' | 'I8' | 'desired state' | 'slot' | 'memory';

/** What must never be. Thrown out of a simulation, with its seed and the last things that happened. */
export class Violation extends Error {
  constructor(invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail}`);
    this.name = 'Violation';
  }
}

const TRACE_LINES = 40;

export class Trace {
  readonly violations: Violation[] = [];
  private readonly lines: string[] = [];

  constructor(private readonly now: () => number) {}

  say(line: string): void {
    this.lines.push(`${String(this.now()).slice(-7)} ${line}`);
    if (this.lines.length > TRACE_LINES) this.lines.shift();
  }

  /** Collected, not thrown: the code under test would catch it. */
  violated(invariant: Invariant, detail: string): void {
    this.say(`VIOLATED ${invariant}: ${detail}`);
    this.violations.push(new Violation(invariant, detail));
  }

  toString(): string {
    return this.lines.join('\n');
  }
}
