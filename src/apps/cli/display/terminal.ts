import type { Readable, Writable } from 'node:stream';
import type { Style } from './style.js';
import { table } from './table.js';

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

/** Of a terminal that does not know its size: 0 comes from such. */
const USUAL_COLUMNS = 80;
const LEAST_COLUMNS = 20;

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
      // One less than the width: the last column makes some terminals wrap.
      columns: this.isLive
        ? Math.max(LEAST_COLUMNS, (stdout.columns || USUAL_COLUMNS) - 1)
        : Infinity,
      hasColor: mayColor && this.isLive,
      isUtc,
    };
  }

  /** The result of a command: lines for people, or the value as JSON. */
  result(value: unknown, lines: readonly string[]): void {
    if (this.options.isJson) this.streams.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    else this.lines(lines);
  }

  /** A list: rows under their heads, or the words that there are none. */
  list(
    value: unknown,
    heads: readonly string[],
    rows: readonly (readonly string[])[],
    none?: string,
  ): void {
    const isNone = rows.length === 0 && none !== undefined;
    this.result(value, isNone ? [none] : table(heads, rows, this.style.columns));
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
