import type { Deployment } from '#sdk';
import { printable } from './printable.js';
import { toned, type Style } from './style.js';
import { fitted, table } from './table.js';

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

/** The verdict with its reason, and each measure against its limit. */
export function gateLines({ verdict, reason, reading }: GateCheck, style: Style): string[] {
  const head = fitted(printable(`      gate ${verdict}: ${reason}`), style.columns);
  const shown = MEASURES.flatMap(([name, unit]) => {
    const measure = readMeasure(reading?.[name]);
    return measure ? [{ measure, cells: cellsOf(name, measure, unit) }] : [];
  });
  const heads = ['', 'now', 'limit', 'before', ''];
  const [, ...lines] = table(
    heads,
    shown.map(({ cells }) => cells),
  );
  return [
    head,
    ...lines.map((line, index) =>
      toned(
        fitted(`        ${line}`, style.columns),
        shown[index]?.measure.ok === false ? 'bad' : null,
        style,
      ),
    ),
  ];
}

function cellsOf(name: string, { value, allowed, baseline, ok }: Measure, unit: Unit): string[] {
  const text = (figure: number | null) => (figure === null ? '-' : unit(figure));
  const judgement = ok === null ? 'not judged' : ok ? 'ok' : 'over';
  return [name, text(value), `limit ${text(allowed)}`, `before ${text(baseline)}`, judgement];
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
  return measure.value === null && ok === null ? null : measure;
}
