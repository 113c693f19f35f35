// One terminal: a bash that keeps its variables from block to block and stops at the first failing command.
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ASKED_MS = 240_000;
const LAST_WORDS_MS = 1000;

export class Shell {
  #child;
  #isClosed = false;
  #blocks = 0;
  #folder;
  said = '';

  constructor(folder, environment) {
    this.#folder = mkdtempSync(join(folder, '..', 'terminal-'));
    this.#child = spawn('bash', [], { cwd: folder, env: environment, detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => (this.said += chunk));
    }
    this.#child.stdin.on('error', () => undefined);
    // What it leaves in the background may hold its output open; its own last words are here by then.
    this.#child.on('exit', () => setTimeout(() => (this.#isClosed = true), LAST_WORDS_MS));
    this.#child.stdin.write(`set -eE -o pipefail; trap 'echo "failed: $BASH_COMMAND"' ERR\n`);
  }

  /** What it said; throws when a command fails, and when it takes far too long. */
  async run(commands) {
    const end = `done ${Math.random()}`;
    const from = this.said.length;
    this.start(commands, `; echo "${end}"`);
    const isOver = () => this.said.includes(end, from) || this.#isClosed;
    await until(isOver, ASKED_MS).catch(() => undefined);
    const said = this.said.slice(from).replace(`${end}\n`, '');
    if (!this.said.includes(end, from)) {
      const { exitCode, signalCode } = this.#child;
      throw new Error(
        `${this.said.slice(-3000)}\n(terminal: ${exitCode ?? signalCode ?? 'waits'})`,
      );
    }
    return said;
  }

  /** Starts what stays; its words are in `said`. A program that reads its input must not eat commands. */
  start(commands, then = '') {
    this.#blocks += 1;
    const file = join(this.#folder, `${this.#blocks}.sh`);
    writeFileSync(file, commands);
    this.#child.stdin.write(`. ${file} < /dev/null${then}\n`);
  }

  signal(name) {
    try {
      process.kill(-this.#child.pid, name);
    } catch {
      // It has ended.
    }
  }

  get hasEnded() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

export async function until(isSo, ms) {
  const deadline = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not within ${ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
