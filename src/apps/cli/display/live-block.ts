import type { Writable } from 'node:stream';

/** A block of lines at the end of the terminal that is drawn over by the next one. */
export class LiveBlock {
  private height = 0;

  constructor(private readonly stdout: Writable & { rows?: number }) {}

  /** So many lines can be drawn over. */
  get room(): number {
    return Math.max(1, (this.stdout.rows || Infinity) - 1);
  }

  /** What is higher than that loses lines after its first: what is waited for stands at its end. */
  draw(block: readonly string[]): void {
    const { room } = this;
    const lines =
      block.length <= room || room < 3
        ? block.slice(0, room)
        : [block[0]!, '  …', ...block.slice(block.length - room + 2)];
    this.stdout.write(`${this.erasing()}${lines.join('\n')}\n`);
    this.height = lines.length;
  }

  private erasing(): string {
    return this.height === 0 ? '' : `\u001b[${this.height}A\u001b[0J`;
  }
}
