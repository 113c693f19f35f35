import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Format } from './accepted-format.js';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export type Family = MetricObjectWithValues<MetricValue<string>>;

/** As the types of prom-client do not tell, some samples have a name of their own (`…_bucket`). */
interface Sample extends MetricValue<string> {
  readonly metricName?: string;
}

/**
 * The text of a scrape. prom-client writes OpenMetrics by renaming its own counters, for every reader
 * after that too; here both formats are written from the same values, and nothing is changed.
 */
export function exposition(families: readonly Family[], format: Format): string {
  const text = families.map((family) => textOf(family, format)).join('');
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

/** The units that a name may end with, and that OpenMetrics wants to hear of. */
const UNITS = ['seconds', 'bytes'];

function textOf(family: Family, format: Format): string {
  const { help, values } = family;
  const type = String(family.type);
  const isOpen = format === 'openmetrics';
  // OpenMetrics calls the family by its stem, and its only sample by the whole name.
  const stem = family.name.replace(/_total$/, '');
  const name = isOpen && type === 'counter' ? stem : family.name;
  const unit = UNITS.find((each) => name.endsWith(`_${each}`));
  const lines = [`# HELP ${name} ${isOpen ? escaped(help) : escapedHelp(help)}`];
  lines.push(`# TYPE ${name} ${type}`);
  if (isOpen && unit) lines.push(`# UNIT ${name} ${unit}`);
  for (const sample of values as Sample[]) {
    const own = isOpen && type === 'counter' ? `${stem}_total` : (sample.metricName ?? family.name);
    lines.push(`${own}${labelsOf(sample.labels, isOpen)} ${numberOf(sample.value)}`);
  }
  return `${lines.join('\n')}\n`;
}

function labelsOf(labels: MetricValue<string>['labels'], isOpen: boolean): string {
  const parts = Object.entries(labels).map(([label, value]) => {
    const isBound = isOpen && typeof value === 'number';
    return `${label}="${isBound ? floatOf(value) : escaped(String(value))}"`;
  });
  return parts.length > 0 ? `{${parts.join(',')}}` : '';
}

/** The bounds of buckets are floats in OpenMetrics, so that `1` and `1.0` are not two series. */
function floatOf(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : numberOf(value);
}

function numberOf(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escaped(text: string): string {
  return escapedHelp(text).replaceAll('"', '\\"');
}
