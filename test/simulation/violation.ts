/** What must never be. Thrown out of a simulation, with its seed and the last things that happened. */
export class Violation extends Error {
  constructor(invariant: string, detail: string) {
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
  violated(invariant: string, detail: string): void {
    this.say(`VIOLATED ${invariant}: ${detail}`);
    this.violations.push(new Violation(invariant, detail));
  }

  toString(): string {
    return this.lines.join('\n');
  }
}
