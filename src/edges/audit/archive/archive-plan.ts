/** What comes into the next file of a month: all that stands side by side in the log, and a little between. */
import { auditLimits } from '../../../kernel/audit-limits.js';
import type { PlacedLeaf } from './archives.views.js';

export interface PlannedFile {
  readonly fromSequence: number;
  readonly size: number;
  /** Those of the month, which are not all where months interleave. */
  readonly ofMonth: readonly PlacedLeaf[];
}

/**
 * The beginning of what is left of the month, in the order of the log. A few entries of another month in
 * between come along: they are in a file of theirs as well, which harms nobody. More of them end the file.
 */
export function planFile(left: readonly PlacedLeaf[]): PlannedFile | null {
  const first = left[0];
  if (!first) return null;
  const ofMonth = [first];
  for (const leaf of left.slice(1)) {
    const isFull = leaf.sequence - first.sequence >= auditLimits.archiveFileEntries;
    const gap = leaf.sequence - ofMonth.at(-1)!.sequence - 1;
    if (isFull || gap > auditLimits.archiveFileGap) break;
    ofMonth.push(leaf);
  }
  const size = ofMonth.at(-1)!.sequence + 1;
  return { fromSequence: first.sequence, size, ofMonth };
}
