import { clsx } from 'clsx';
import type { Measure, Reading } from '../api/deployments.ts';

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

interface Shown {
  readonly key: 'errors' | 'latency' | 'cpu' | 'memory' | 'leak';
  readonly words: string;
  readonly text: (value: number, unit: Reading['unit']) => string;
}

const measures: readonly Shown[] = [
  { key: 'errors', words: 'Errors', text: (value) => `${number.format(value * 100)} %` },
  { key: 'latency', words: 'Latency p95', text: (value) => `${number.format(value)} ms` },
  {
    key: 'cpu',
    words: 'CPU',
    text: (value, unit) => (unit ? `${number.format(value)} %` : `${number.format(value)} cores`),
  },
  {
    key: 'memory',
    words: 'Memory',
    text: (value, unit) => (unit ? `${number.format(value)} %` : `${number.format(value)} MiB`),
  },
  { key: 'leak', words: 'Memory to come', text: (value) => `${number.format(value)} MiB` },
];

/** What a gate has read last, each measure against what is allowed. */
export function GateReadings({ reading }: { reading: Reading }) {
  return (
    <ul className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
      {measures.map(({ key, words, text }) => {
        const measure = reading[key];
        if (!measure) return null;
        const shown = (value: number | null | undefined) =>
          value === null || value === undefined ? null : text(value, reading.unit);
        return (
          <li key={key} className="text-[13px]">
            <div className="flex justify-between gap-2">
              <span>{words}</span>
              <span className="tabular">
                <strong className={clsx('font-semibold', isOverLimit(measure) && 'text-bad')}>
                  {shown(measure.value) ?? 'no data'}
                </strong>
                <span className="text-quiet">
                  {shown(measure.allowed) ? ` of ${shown(measure.allowed)}` : ' · not judged'}
                </span>
              </span>
            </div>
            <Bar measure={measure} />
            <span className="text-xs text-quiet">
              {shown(measure.baseline) ? `before: ${shown(measure.baseline)}` : ''}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

const isOverLimit = ({ value, allowed }: Measure) =>
  value !== null && allowed !== null && value > allowed;

/** The limit stands at four fifths, so that what is over it can be seen as such; the mark is the baseline. */
function Bar({ measure }: { measure: Measure }) {
  const { value, allowed, baseline } = measure;
  const limit = 80;
  const at = (one: number | null | undefined) =>
    one === null || one === undefined || !allowed ? null : Math.min(100, (one / allowed) * limit);
  return (
    <div aria-hidden className="relative mt-1 h-1.5 rounded-full bg-sunken">
      <div
        className={clsx('h-full rounded-full', isOverLimit(measure) ? 'bg-bad' : 'bg-tide')}
        style={{ width: `${at(value) ?? 0}%` }}
      />
      {allowed ? (
        <div className="absolute -inset-y-1 w-0.5 bg-ink" style={{ left: `${limit}%` }} />
      ) : null}
      {at(baseline) === null ? null : (
        <div
          className="absolute -inset-y-0.5 w-0.5 bg-quiet"
          style={{ left: `${at(baseline)}%` }}
        />
      )}
    </div>
  );
}
