/** A bench ends like a program of ours: interrupted it leaves nothing behind, and a failure is a sentence. */
import { constants } from 'node:os';

/** npm sends a Ctrl-C on that has come here by itself: one more means nothing. */
export function endOnSignals(tidyUp: () => Promise<unknown>): void {
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isEnding) return;
      isEnding = true;
      const exitCode = 128 + constants.signals[signal];
      void tidyUp().finally(() => process.exit(exitCode));
    });
  }
}

/** What could not be started is told without a stack: it is not the bench that is broken. */
export function giveUp(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
