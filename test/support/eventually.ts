import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.js';

/** Asserts again until it holds; fails with the last failure when it never does. */
export async function eventually(
  assertion: () => void | Promise<void>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(10);
  }
}
