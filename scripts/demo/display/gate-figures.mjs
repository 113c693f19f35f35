// The gate's latest reading against its limits: one line with a small bar for each measure.
import { dim, gauge, padEnd, padStart, red } from './text.mjs';

// As wide as leaves room for the limits in 80 columns: they decide.
const barWidth = 10;

const percent = (value) => (value * 100).toFixed(1);
const short = (value) => value.toFixed(value < 10 ? 1 : 0);

const measures = [
  ['errors', 'errors', percent, '%'],
  ['latency', 'latency p95', short, 'ms'],
  ['cpu', 'CPU per node', (value) => value.toFixed(2), 'cores'],
  ['memory', 'memory per node', short, 'MiB'],
];

export function figureLines(reading) {
  return measures.map(([key, ...how]) => figureLine(reading?.[key], how));
}

function figureLine(measure, [label, show, unit]) {
  const start = `${padEnd(label, 16)}`;
  if (!measure || measure.value === null) return `${start}${padStart('–', 11)}`;
  const value = padStart(`${show(measure.value)} ${unit}`, 11);
  if (measure.allowed === null) return `${start}${value}`;
  const share = measure.value / measure.allowed;
  const limits = `allowed ${show(measure.allowed)}, usual ${show(measure.baseline)} ${unit}`;
  return `${start}${share > 1 ? red(value) : value}  ${gauge(share, barWidth)} ${dim(limits)}`;
}
