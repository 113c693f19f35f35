/**
 * Rows under their heads. What has no room beside each other is broken within its column, and where that would
 * break a name or an id, each row becomes a block with a line per column. Nothing is ever cut off.
 */
import { cellWidth, padded } from './cell-width.js';
import { printable } from './printable.js';
import { wrapped } from './wrapped.js';

const GAP = 2;
/** What is narrower than this, a date say, is no more broken. */
const LEAST_COLUMN = 16;

type Row = readonly string[];

/** Columns by their widest cell. Everything in it is made harmless first. */
export function table(heads: Row, rows: readonly Row[], columns = Infinity): string[] {
  const all = [heads, ...rows.map((row) => heads.map((_, at) => printable(row[at] ?? '')))];
  const natural = heads.map((_, at) => Math.max(...all.map((row) => cellWidth(row[at]!))));
  const widths = totalOf(natural) <= columns ? natural : narrowed(natural, all, columns);
  if (widths === null) return blocks(heads, all.slice(1), columns);
  return all.flatMap((row) => rowLines(row, widths));
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
}

/** The widest gives way first, down to its longest word. Null: that is not enough. */
function narrowed(natural: readonly number[], all: readonly Row[], columns: number) {
  const least = natural.map((width, at) =>
    Math.min(width, Math.max(LEAST_COLUMN, ...all.map((row) => longestWord(row[at]!)))),
  );
  if (totalOf(least) > columns) return null;
  const widths = [...natural];
  for (let over = totalOf(widths) - columns; over > 0; over -= 1) {
    const room = widths.map((width, at) => (width > least[at]! ? width : 0));
    widths[room.indexOf(Math.max(...room))]! -= 1;
  }
  return widths;
}

function longestWord(cell: string): number {
  return Math.max(...cell.split(' ').map(cellWidth));
}

function rowLines(row: Row, widths: readonly number[]): string[] {
  const cells = row.map((cell, at) => wrapped(cell, widths[at]!, 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((lines, at) => padded(lines[line] ?? '', widths[at]! + GAP))
      .join('')
      .trimEnd(),
  );
}

/** A word that is wider than the terminal stays whole: the terminal breaks it, and it can still be copied. */
function blocks(heads: Row, rows: readonly Row[], columns: number): string[] {
  const label = Math.max(...heads.map(cellWidth)) + GAP;
  return rows.flatMap((row, number) => [
    ...(number === 0 ? [] : ['']),
    ...row.flatMap((cell, at) => {
      if (cell === '') return [];
      const room = Math.max(columns - label, longestWord(cell));
      return wrapped(cell, room, 0).map(
        (part, line) => padded(line === 0 ? heads[at]! : '', label) + part,
      );
    }),
  ]);
}
