/** Entries that a filter chooses, newest first as lists have them, each with the proof that it was sealed. */
import { type ExportHead, writeExportLine } from '../../../kernel/tlog/export-lines.js';
import { inclusionProof, type ReadHashes, TILE_WIDTH } from '../../../kernel/tlog/tree-proofs.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import { filterOf } from '../entries/entry-filter.js';
import { entryRows, type EntryRow } from '../entries/entries.views.js';
import { leafIn } from '../proofs/entry-bundle.js';
import { hashesOf } from '../proofs/tree.views.js';
import type { ExportFilters } from './export.dto.js';

const BATCH = 100;

export interface Choice {
  readonly database: Database;
  readonly filter: ExportFilters;
  /** The id of the entry to go on after; null: from the newest. */
  readonly before: string | null;
}

export async function* linesOfChoice(
  ctx: Context,
  head: ExportHead,
  { database, filter: { since, until, ...names }, before }: Choice,
): AsyncGenerator<Buffer> {
  const filter = filterOf({ ...names, from: since, to: until });
  yield Buffer.from(writeExportLine(head));
  let last = before;
  do {
    const { lines, next } = await database.transaction(ctx, async (open) => {
      const rows = await entryRows(open, filter, { before: last, take: BATCH });
      const isMore = rows.length === BATCH;
      return { lines: await linesOf(open, rows, head.size), next: isMore ? rows.at(-1)!.id : null };
    });
    last = next;
    yield Buffer.from(lines.join(''));
  } while (last !== null);
  yield Buffer.from(writeExportLine({ kind: 'end', end: head.size, next: null }));
}

async function linesOf(
  open: OpenContext,
  rows: readonly EntryRow[],
  size: number,
): Promise<string[]> {
  const read = wholeTiles(hashesOf(open));
  const lines: string[] = [];
  for (const row of rows) {
    const { sequence } = row;
    // Sealed since it began.
    if (sequence === null || sequence >= size) continue;
    const { text: leaf, personal } = leafIn(row);
    const proof = await inclusionProof(read, sequence, size);
    lines.push(writeExportLine({ kind: 'entry', sequence, leaf, personal, hash: null, proof }));
  }
  return lines;
}

/** Proofs of entries that stand near each other are made of the same tiles: each is read once. */
function wholeTiles(read: ReadHashes): ReadHashes {
  const tiles = new Map<string, Promise<Buffer[]>>();
  return async (level, from, count) => {
    const first = from - (from % TILE_WIDTH);
    const key = `${level}/${first}`;
    const tile = tiles.get(key) ?? read(level, first, TILE_WIDTH);
    tiles.set(key, tile);
    return (await tile).slice(from - first, from - first + count);
  };
}
