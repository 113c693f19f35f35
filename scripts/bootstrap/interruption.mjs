// Signals while there is no program yet to take them.

/** npm sends on what a terminal has sent to both: within this time it is one Ctrl-C, not two. */
const SAME_MS = 500;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export class Interruption {
  signal = undefined;
  count = 0;
  #at = 0;
  #resolve;
  #listeners = new Map();

  constructor() {
    /** Resolves with the first one. */
    this.first = new Promise((resolve) => (this.#resolve = resolve));
    for (const signal of SIGNALS) {
      const listener = () => this.#onSignal(signal);
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** From here on they are the program's. */
  end() {
    for (const [signal, listener] of this.#listeners) process.removeListener(signal, listener);
  }

  #onSignal(signal) {
    if (this.signal !== undefined && Date.now() - this.#at < SAME_MS) return;
    this.#at = Date.now();
    this.count += 1;
    this.signal ??= signal;
    this.#resolve({ signal });
  }
}
