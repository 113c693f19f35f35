import type { Writable } from 'node:stream';

/** A block of lines at the end of the terminal that is drawn over by the next one. */
export class LiveBlock {
  private height = 0;

  constructor(private readonly stdout: Writable & { rows?: number }) {}

  /** What is higher than the terminal cannot be drawn over: it is cut at the end. */
  draw(block: readonly string[]): void {
    const lines = block.slice(0, Math.max(1, (this.stdout.rows || Infinity) - 1));
    this.stdout.write(`${this.erasing()}${lines.join('\n')}\n`);
    this.height = lines.length;
  }

  private erasing(): string {
    return this.height === 0 ? '' : `\u001b[${this.height}A\u001b[0J`;
  }
}
