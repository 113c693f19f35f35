/** Hints that workers take: seen in a counter only, because the due loop ends every rollout without. */
import { expect } from '@jest/globals';
import { eventually } from './eventually.js';
import type { Tidegate } from './tidegate.js';

/** Over all worker processes, since they started. */
export async function hintsTaken({ workers }: Tidegate): Promise<number> {
  const counts = await Promise.all(
    workers.map(async ({ url }) => {
      const text = await (await fetch(new URL('/metrics', url))).text();
      const count = /^tidegate_hints_taken_total (\d+)$/m.exec(text)?.[1];
      if (count === undefined) throw new Error('the worker does not count its hints');
      return Number(count);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What gives hints is done again until one is taken; within 15 s. */
export async function expectHintsAgain(
  tidegate: Tidegate,
  give: () => Promise<unknown>,
): Promise<void> {
  const before = await hintsTaken(tidegate);
  await eventually(async () => {
    await give();
    expect(await hintsTaken(tidegate)).toBeGreaterThan(before);
  }, 15_000);
}
