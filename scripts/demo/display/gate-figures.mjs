// The gate's latest reading against its limits: one line with a small bar for each measure.
import { dim, gauge, padEnd, padStart, red } from './text.mjs';

const barWidth = 20;

const percent = (value) => `${(value * 100).toFixed(1)} %`;
const short = (value) => value.toFixed(value < 10 ? 1 : 0);

const measures = [
  ['errors', 'errors', percent],
  ['latency', 'latency p95', (value) => `${short(value)} ms`],
  ['cpu', 'CPU per node', (value) => `${value.toFixed(2)} cores`],
  ['memory', 'memory per node', (value) => `${short(value)} MiB`],
];

export function figureLines(reading) {
  return measures.map(([key, label, show]) => figureLine(label, reading?.[key], show));
}

function figureLine(label, measure, show) {
  const start = `${padEnd(label, 16)}`;
  if (!measure || measure.value === null) return `${start}${padStart('–', 11)}`;
  const value = padStart(show(measure.value), 11);
  if (measure.allowed === null) return `${start}${value}`;
  const share = measure.value / measure.allowed;
  const limits = `allowed ${show(measure.allowed)}, usual ${show(measure.baseline)}`;
  return `${start}${share > 1 ? red(value) : value}  ${gauge(share, barWidth)} ${dim(limits)}`;
}
