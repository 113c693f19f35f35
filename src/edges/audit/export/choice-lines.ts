/** Entries that a filter chooses, newest first as lists have them, each with the proof that it was sealed. */
import { type ExportHead, writeExportLine } from '../../../kernel/tlog/export-lines.js';
import { inclusionProof, type ReadHashes, TILE_WIDTH } from '../../../kernel/tlog/tree-proofs.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import type { Database } from '../../../platform/database/database.js';
import { filterOf } from '../entries/entry-filter.js';
import {
  END_OF_TIME,
  type EntryFilter,
  entryRows,
  type EntryRow,
  LAST_ID,
  timeOfEntry,
} from '../entries/entries.views.js';
import type { ArchivedEntries } from '../archive/archived-entries.js';
import { leafIn } from '../proofs/entry-bundle.js';
import { hashesOf } from '../proofs/tree.views.js';
import type { ExportFilters } from './export.dto.js';

const BATCH = 100;

export interface Choice {
  readonly database: Database;
  readonly archived: ArchivedEntries;
  /** Older ones the tenant is no longer shown. */
  readonly shownSince: Date;
  readonly filter: ExportFilters;
  /** The id of the entry to go on after; null: from the newest. */
  readonly before: string | null;
}

export async function* linesOfChoice(
  ctx: Context,
  head: ExportHead,
  choice: Choice,
): AsyncGenerator<Buffer> {
  const { since, until, ...names } = choice.filter;
  const asked = filterOf({ ...names, from: since, to: until });
  const from = new Date(Math.max(asked.from.getTime(), choice.shownSince.getTime()));
  yield Buffer.from(writeExportLine(head));
  let last = choice.before;
  do {
    const { rows, next } = await partOf(ctx, choice, { ...asked, from }, last);
    const lines = await choice.database.transaction(ctx, (open) => linesOf(open, rows, head.size));
    last = next;
    yield Buffer.from(lines.join(''));
  } while (last !== null);
  yield Buffer.from(writeExportLine({ kind: 'end', end: head.size, next: null }));
}

interface Part {
  readonly rows: readonly EntryRow[];
  /** The id before which to go on; null: that was all. */
  readonly next: string | null;
}

/** Those of the tables, and behind them those of the archive, as lists have them. */
async function partOf(
  ctx: Context,
  { database, archived }: Choice,
  filter: EntryFilter,
  before: string | null,
): Promise<Part> {
  const { rows, at } = await database.transaction(ctx, async (open) => ({
    rows: await entryRows(open, filter, { before, take: BATCH }),
    at: before === null ? END_OF_TIME : await timeOfEntry(open, before),
  }));
  if (rows.length === BATCH) return { rows, next: rows.at(-1)!.id };
  if (at === null) return { rows, next: null };
  const place = rows.at(-1) ?? { at, id: before ?? LAST_ID };
  const left = { before: place, take: BATCH - rows.length };
  const older = await archived.page(ctx, filter, left);
  const all = [...rows, ...older.rows];
  const isMore = all.length === BATCH;
  return { rows: all, next: older.goesOnBefore ?? (isMore ? all.at(-1)!.id : null) };
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
