// Lines that stay, and below them a block that is redrawn in place. Where the output is no terminal (CI, a
// file) the block does not exist, and what it shows is told by plain lines instead.
import { cut, dim, padStart, useColors, wrap } from './text.mjs';

const drawMs = 100;
/** Under the text, past the seconds and a sign. */
const hang = ' '.repeat(11);
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

export class Screen {
  #out;
  #since = performance.now();
  #block = [];
  #drawn = 0;
  #drawnAt = 0;

  constructor(out = process.stdout, environment = process.env) {
    this.#out = out;
    this.isLive = out.isTTY === true && environment.TERM !== 'dumb' && !environment.CI;
    useColors(this.isLive && !environment.NO_COLOR);
    // A reader that went away (`| head`) is no reason to leave processes behind.
    out.on('error', () => undefined);
    if (this.isLive) out.write(hideCursor);
  }

  elapsedMs() {
    return performance.now() - this.#since;
  }

  /** A line that stays, after the seconds since the start. */
  say(text) {
    const { columns = 80 } = this.#out;
    const start = `${dim(padStart((this.elapsedMs() / 1000).toFixed(1), 7))}  `;
    const lines = this.isLive ? wrap(text, columns - hang.length) : [text];
    for (const [index, line] of lines.entries()) this.print((index === 0 ? start : hang) + line);
  }

  /** Lines that stay, as they are. */
  print(text = '') {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  /** For a reader of lines only: a terminal sees the same in the block. */
  sayInLog(text) {
    if (!this.isLive) this.say(text);
  }

  show(lines) {
    this.#block = lines;
    if (!this.isLive || performance.now() - this.#drawnAt < drawMs) return;
    this.#erase();
    this.#draw();
  }

  /** The block, as it is now, stays. */
  keep() {
    this.#erase();
    const lines = this.#block;
    this.#block = [];
    if (this.isLive) for (const line of lines) this.#out.write(`${line}\n`);
  }

  clear() {
    this.#erase();
    this.#block = [];
  }

  close() {
    this.clear();
    if (this.isLive) this.#out.write(showCursor);
  }

  #erase() {
    if (this.#drawn === 0) return;
    this.#out.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }

  #draw() {
    if (!this.isLive || this.#block.length === 0) return;
    const { columns = 80, rows = 24 } = this.#out;
    // More than the terminal is high could not be erased again.
    const lines = this.#block.slice(0, rows - 1).map((line) => cut(line, columns - 1));
    this.#out.write(lines.map((line) => `${line}\n`).join(''));
    this.#drawn = lines.length;
    this.#drawnAt = performance.now();
  }
}
