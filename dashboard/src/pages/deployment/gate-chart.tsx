import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { type Deployment, type Measure, readingOf } from '../../api/deployments.ts';
import { usePreferences } from '../../app/preferences.ts';

type Check = NonNullable<Deployment['gateCheck']>;

/** One look of the gate, in the order in which they came. */
interface Look {
  readonly ageS: number;
  readonly errors: Measure;
  readonly latency: Measure;
}

/** An hour of looks at five seconds. */
const KEPT = 720;

const series = [
  { key: 'errors', title: 'Errors, %', times: 100 },
  { key: 'latency', title: 'Latency p95, ms', times: 1 },
] as const;

/**
 * The looks since this page was opened, with limit and baseline drawn. They are kept in the cache beside
 * the deployment: the API tells the last look only.
 */
export function GateChart({ id, check }: { id: string; check: Check }) {
  const queries = useQueryClient();
  const reading = readingOf(check.reading);
  const key = ['gate-looks', id, check.step];
  const known = queries.getQueryData<readonly Look[]>(key) ?? [];
  const looks =
    reading && known.at(-1)?.ageS !== reading.ageS ? [...known, reading].slice(-KEPT) : known;
  useEffect(() => {
    queries.setQueryData(key, looks);
  });
  if (looks.length < 2)
    return <p className="text-xs text-quiet">Charts begin with the next look.</p>;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {series.map(({ key: measure, title, times }) => (
        <Chart
          key={measure}
          title={title}
          looks={looks}
          of={(look) => look[measure]}
          times={times}
        />
      ))}
    </div>
  );
}

interface ChartProps {
  readonly title: string;
  readonly looks: readonly Look[];
  readonly of: (look: Look) => Measure;
  readonly times: number;
}

function Chart({ title, looks, of, times }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { theme } = usePreferences();
  const scaled = (value: number | null | undefined) =>
    value === null || value === undefined ? null : value * times;
  const data: uPlot.AlignedData = [
    looks.map(({ ageS }) => ageS),
    looks.map((look) => scaled(of(look).value)),
    looks.map((look) => scaled(of(look).allowed)),
    looks.map((look) => scaled(of(look).baseline)),
  ];
  useEffect(() => {
    const box = place.current!;
    const made = new uPlot(optionsFor(box, title), data, box);
    plot.current = made;
    const follow = new ResizeObserver(() =>
      made.setSize({ width: box.clientWidth, height: HEIGHT }),
    );
    follow.observe(box);
    return () => {
      follow.disconnect();
      made.destroy();
    };
    // Colours are read once for each theme; what is drawn comes with setData.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [title, theme]);
  useEffect(() => plot.current?.setData(data));
  return (
    <figure>
      <figcaption className="mb-1 text-xs text-quiet">
        {title}: <span className="text-tide">now</span>, <span className="text-bad">limit</span>,
        before (dotted)
      </figcaption>
      <div ref={place} aria-hidden />
    </figure>
  );
}

const HEIGHT = 130;

function optionsFor(box: HTMLElement, title: string): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    size: 44,
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, (max || 1) * 1.1] } },
    axes: [{ ...axis, size: 28, values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) }, axis],
    series: [
      { label: 'watched' },
      { label: title, stroke: colour('--tide'), width: 2, points: { show: false } },
      { label: 'limit', stroke: colour('--bad'), width: 1.5, points: { show: false } },
      {
        label: 'before',
        stroke: colour('--quiet'),
        width: 1.5,
        dash: [3, 4],
        points: { show: false },
      },
    ],
  };
}
