import type { Deployment } from '#sdk';
import { printable } from './printable.js';
import { toned, type Style } from './style.js';
import { table } from './table.js';
import { cellWidth } from './cell-width.js';
import { wrapped } from './wrapped.js';

type GateCheck = NonNullable<Deployment['gateCheck']>;

interface Measure {
  readonly value: number | null;
  readonly baseline: number | null;
  readonly allowed: number | null;
  readonly ok: boolean | null;
}

type Unit = (value: number) => string;
const MEASURES: readonly (readonly [string, Unit])[] = [
  ['errors', (value) => `${(value * 100).toFixed(1)} %`],
  ['latency', (value) => `${value.toFixed(0)} ms`],
  ['cpu', (value) => `${value.toFixed(2)} cores`],
  ['memory', (value) => `${value.toFixed(0)} MiB`],
  ['leak', (value) => `${value.toFixed(0)} MiB`],
];
/** Of a node: some kinds of gate judge how full the fullest is. */
const SHARES: Readonly<Record<string, Unit>> = {
  cpu: (value) => `${value.toFixed(0)} %`,
  memory: (value) => `${value.toFixed(0)} %`,
};

const INDENT = 8;

/** The verdict with its reason, and each measure against its limit. */
export function gateLines({ verdict, reason, reading }: GateCheck, style: Style): string[] {
  const isShare = reading?.['unit'] === 'percent';
  const shown = MEASURES.flatMap(([name, unit]) => {
    const measure = readMeasure(reading?.[name]);
    if (!measure) return [];
    return [{ measure, cells: cellsOf(name, measure, (isShare && SHARES[name]) || unit) }];
  });
  const lines = aligned(shown, style.columns - INDENT);
  return [
    ...wrapped(printable(`      gate ${verdict}: ${reason}`), style.columns),
    ...lines.flatMap((line, at) => {
      const tone = isOver(shown[at]!.measure) ? 'bad' : null;
      const text = `${' '.repeat(INDENT)}${line}`;
      return wrapped(text, style.columns).map((part) => toned(part, tone, style));
    }),
  ];
}

/** What was before decides nothing: it goes where there is no room for it, or nothing to say. */
function aligned(
  shown: readonly { readonly measure: Measure; readonly cells: readonly string[] }[],
  room: number,
): string[] {
  const all = shown.map(({ cells }) => cells);
  const short = all.map((cells) => cells.slice(0, -1));
  if (shown.every(({ measure }) => measure.baseline === null)) return rowsOf(short);
  const lines = rowsOf(all);
  return lines.every((line) => cellWidth(line) <= room) ? lines : rowsOf(short);
}

function rowsOf(rows: readonly (readonly string[])[]): string[] {
  return table(rows[0]?.map(() => '') ?? [], rows).slice(1);
}

function cellsOf(name: string, measure: Measure, unit: Unit): string[] {
  const { value, baseline, allowed } = measure;
  const text = (figure: number | null) => (figure === null ? '-' : unit(figure));
  return [
    name,
    text(value),
    `limit ${text(allowed)}`,
    judgementOf(measure),
    baseline === null ? '' : `before ${text(baseline)}`,
  ];
}

function isOver({ value, ok }: Measure): boolean {
  return value !== null && ok === false;
}

/** What nobody has measured is over nothing, though no data never lets a wave pass. */
function judgementOf(measure: Measure): string {
  if (measure.value === null) return 'no data';
  if (measure.ok === null) return 'not judged';
  return isOver(measure) ? 'over' : 'ok';
}

/** The reading's form is the gate's own; what is not a measure is left out. */
function readMeasure(value: unknown): Measure | null {
  if (typeof value !== 'object' || value === null) return null;
  const from = value as Record<string, unknown>;
  const figure = (name: string) => (typeof from[name] === 'number' ? from[name] : null);
  const ok = typeof from['ok'] === 'boolean' ? from['ok'] : null;
  const measure = {
    value: figure('value'),
    baseline: figure('baseline'),
    allowed: figure('allowed'),
    ok,
  };
  const says = measure.value !== null || measure.allowed !== null || ok !== null;
  return says ? measure : null;
}
