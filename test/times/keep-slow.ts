import type { FileTime } from './fold.js';

/** Seconds by path, for the order in a checkout where nothing has run yet. */
export type SlowFiles = Readonly<Record<string, number>>;

/** What was measured now counts; what was not stays as it was, as long as it is there. */
export function keepSlow(
  before: SlowFiles,
  measured: readonly Pick<FileTime, 'path' | 'ms'>[],
  { seconds, isThere }: { seconds: number; isThere: (path: string) => boolean },
): SlowFiles {
  const all = new Map(Object.entries(before).filter(([path]) => isThere(path)));
  for (const { path, ms } of measured) all.set(path, Math.round(ms / 1000));
  const slow = [...all].filter(([, took]) => took >= seconds);
  return Object.fromEntries(slow.sort(([one], [other]) => (one < other ? -1 : 1)));
}
