import { cellWidth, splitAt } from './cell-width.js';

const HANG = 2;
/** Of what is this narrow nothing hangs any more. */
const LEAST_ROOM = 16;

/**
 * A line as as many lines as it needs. It is broken between words, and a word that has no room on any line inside
 * of it; nothing is left out. What follows the first line stands under its beginning, `hang` cells further in.
 */
export function wrapped(line: string, columns: number, hang = HANG): string[] {
  if (cellWidth(line) <= columns) return [line];
  const indent = /^ */.exec(line)![0];
  const isNarrow = columns - indent.length - hang < LEAST_ROOM;
  const under = ' '.repeat(isNarrow ? Math.min(hang, HANG) : indent.length + hang);
  const lines: string[] = [];
  let open = '';
  // The spaces before a word belong to it: columns inside of a line stay as they are.
  for (const part of line.match(/ *[^ ]+/g) ?? []) {
    if (cellWidth(open + part) <= columns) {
      open += part;
      continue;
    }
    if (open !== '') lines.push(open);
    open = (lines.length === 0 ? indent : under) + part.trimStart();
    while (cellWidth(open) > columns) {
      const [full, rest] = splitAt(open, columns);
      lines.push(full);
      open = under + rest;
    }
  }
  return [...lines, open];
}
