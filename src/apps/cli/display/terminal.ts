import type { Readable, Writable } from 'node:stream';
import type { Style } from './style.js';

export interface Streams {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown };
  readonly stdout: Writable & { isTTY?: boolean; columns?: number };
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
}

export interface TerminalOptions {
  readonly isJson: boolean;
  readonly isUtc: boolean;
  readonly mayColor: boolean;
}

const COLUMNS = 100;

/** Results go to stdout, words about them to stderr; with --json stdout has JSON only. */
export class Terminal {
  constructor(
    readonly streams: Streams,
    readonly options: TerminalOptions,
  ) {}

  /** May lines be drawn over? */
  get isLive(): boolean {
    return this.streams.stdout.isTTY === true && !this.options.isJson;
  }

  get style(): Style {
    const { isUtc, mayColor } = this.options;
    const { stdout } = this.streams;
    return {
      // 0 comes from terminals that do not know their size. One less than the width: the last column makes some terminals wrap.
      columns: Math.max(40, (stdout.columns || COLUMNS) - (this.isLive ? 1 : 0)),
      hasColor: mayColor && this.isLive,
      isUtc,
    };
  }

  /** The result of a command: lines for people, or the value as JSON. */
  result(value: unknown, lines: readonly string[]): void {
    if (this.options.isJson) this.streams.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    else this.lines(lines);
  }

  /** One JSON value per line, while something is followed. */
  jsonLine(value: unknown): void {
    this.streams.stdout.write(`${JSON.stringify(value)}\n`);
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.streams.stdout.write(`${lines.join('\n')}\n`);
  }

  /** Words for whoever looks; never part of the result. */
  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }
}
