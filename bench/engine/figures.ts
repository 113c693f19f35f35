/** How figures are summed up and shown: the same in every bench of the engine. */
import { cpus, loadavg, totalmem } from 'node:os';

export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

export const median = (values: readonly number[]) => percentile(values, 50);

/** `p50 12 ms, p99 40 ms, most 51 ms (300)`. */
export function spread(values: readonly number[]): string {
  const show = (percent: number) => milliseconds(percentile(values, percent));
  return `p50 ${show(50)}, p99 ${show(99)}, most ${show(100)} (${values.length})`;
}

export function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

/** As markdown, so that it can be put into a page as it is. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  const [head, ...body] = rows;
  console.log(`\n${title}\n`);
  console.log(line(head!));
  console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  for (const row of body) console.log(line(row));
  console.log(`\n${machine()}`);
}

/** Other work on the machine disturbs latencies: its load belongs beside every figure. */
export function machine(): string {
  const [one, five] = loadavg();
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = `load ${one!.toFixed(1)} / ${five!.toFixed(1)}`;
  const when = new Date().toISOString().slice(0, 16);
  return `${when}, ${cpus().length} × ${model}, ${memory}, Node ${process.version}, ${load}`;
}
