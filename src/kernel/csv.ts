/** Lines of comma-separated values as RFC 4180 has them, with a header. */
type Cell = string | number | null;

/**
 * A text that a spreadsheet would take for a formula gets an apostrophe: who names a module does not
 * run anything on the desk of whoever opens the file.
 */
export function csvOf<Name extends string>(
  columns: readonly Name[],
  rows: readonly Readonly<Record<Name, Cell>>[],
): string {
  const lines = rows.map((row) => columns.map((column) => cellOf(row[column])));
  return [columns, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

function cellOf(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
