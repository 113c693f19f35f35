import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../kernel/errors.js';
import type { Postmaster } from './postmaster.js';

const SHORTEST_MS = 500;
const LONGEST_MS = 15_000;

export interface KeptPostmaster {
  stop(): Promise<void>;
}

/**
 * Starts the server again when it ends by itself: a full disk ends it, and so does a machine that is short of
 * memory. Its socket stays where it was, so that the pools find it there.
 */
export function keepPostmaster(
  first: Postmaster,
  startAgain: () => Promise<Postmaster>,
  log: (line: string) => void,
): KeptPostmaster {
  const stopping = new AbortController();
  let running = first;
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      await running.stop();
      await kept;
    },
  };

  async function keep(): Promise<void> {
    for (;;) {
      await running.exited;
      if (stopping.signal.aborted) return;
      log('The database server ended unexpectedly: starting it again …');
      if (!(await again())) return;
      // Whoever wanted it to stop has stopped the one before.
      if (stopping.signal.aborted) return running.stop();
      log('The database server is there again.');
    }
  }

  /** False: it is to stop. */
  async function again(): Promise<boolean> {
    let told = '';
    for (let waitMs = SHORTEST_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_MS)) {
      const signal = stopping.signal;
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
      try {
        running = await startAgain();
        return true;
      } catch (error) {
        // Once each: it is tried until somebody has made room.
        if (messageOf(error) !== told) log(messageOf(error));
        told = messageOf(error);
      }
    }
  }
}
