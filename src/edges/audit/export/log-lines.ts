/** All entries of a log from a sequence on, without a gap, and what was signed in between. */
import { type ExportHead, writeExportLine } from '../../../kernel/tlog/export-lines.js';
import type { Context } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import type { LogReader, ReadEntry } from '../log/log-reader.js';
import { entryIn, leafIn } from '../proofs/entry-bundle.js';
import { checkpointsBetween } from '../proofs/tree.views.js';

/** Held at once: with the longest entries that there can be, 16 MiB. */
const BATCH = 250;
/** In place of an entry out of which nothing can be made any more: it is not what was sealed. */
const UNREADABLE = '{"isUnreadable":true}';

/** What no entry commits to: the archive has lost a value that nobody has erased. */
const TORN = { '/': { value: null, salt: '0'.repeat(32) } };

export interface LogPorts {
  readonly database: Database;
  readonly reader: LogReader;
}

export async function* linesOfLog(
  ctx: Context,
  head: ExportHead,
  { database, reader }: LogPorts,
): AsyncGenerator<Buffer> {
  yield Buffer.from(writeExportLine(head));
  for (let from = head.from; from < head.size; from += BATCH) {
    const to = Math.min(head.size, from + BATCH);
    const entries = await reader.entries(ctx, from, to);
    const signed = await database.transaction(ctx, (open) => checkpointsBetween(open, from, to));
    const notes = new Map(signed.map(({ size, note }) => [size, note]));
    const lines: string[] = [];
    for (const logged of entries) {
      lines.push(lineOf(logged));
      const checkpoint = notes.get(logged.sequence + 1);
      if (checkpoint !== undefined) lines.push(writeExportLine({ kind: 'checkpoint', checkpoint }));
    }
    yield Buffer.from(lines.join(''));
  }
  yield Buffer.from(writeExportLine({ kind: 'end', end: head.size, next: null }));
}

/** Whatever has been done to it: that it is no longer what was sealed is for whoever verifies to say. */
function lineOf(logged: ReadEntry): string {
  const { sequence, leafHash: hash } = logged;
  const row = entryIn(logged);
  const { text: leaf, personal: known } =
    row === null ? { text: null, personal: {} } : readable(row);
  const personal = logged.isTorn ? TORN : known;
  return writeExportLine({ kind: 'entry', sequence, leaf, personal, hash, proof: null });
}

function readable(row: Parameters<typeof leafIn>[0]): ReturnType<typeof leafIn> {
  try {
    return leafIn(row);
  } catch {
    return { text: UNREADABLE, personal: {} };
  }
}
