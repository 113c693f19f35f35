/** Which time a chart shows, cut into how many steps. Pure. */
import { metricLimits } from './metric-limits.js';
import { metricsWindowUnsuitable } from './metrics.errors.js';

export interface MetricWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly points: number;
}

export interface WindowAsked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly stepMs?: number | undefined;
}

interface WindowDefaults {
  readonly now: number;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** A step that would make too many points is made longer. Throws `metrics-window-unsuitable`. */
export function windowOf(asked: WindowAsked, defaults: WindowDefaults): MetricWindow {
  const { now } = defaults;
  const { points: most, pointsDefault, windowMs, windowDefaultMs } = metricLimits;
  const toMs = Math.min(
    now,
    asked.to === undefined ? (defaults.toMs ?? now) : Date.parse(asked.to),
  );
  const earliest = toMs - windowMs;
  const first = defaults.fromMs ?? toMs - windowDefaultMs;
  const fromMs = asked.from === undefined ? Math.max(first, earliest) : Date.parse(asked.from);
  if (fromMs >= toMs) throw metricsWindowUnsuitable('It ends before it begins.', windowMs);
  if (fromMs < earliest) throw metricsWindowUnsuitable('It is too long.', windowMs);
  const span = toMs - fromMs;
  const least = Math.max(metricLimits.stepMs, span / most);
  const wanted = asked.stepMs ?? Math.max(metricLimits.reportMs, span / pointsDefault);
  const stepMs = Math.ceil(Math.max(least, wanted) / 1000) * 1000;
  const points = Math.ceil(span / stepMs);
  return { fromMs: toMs - points * stepMs, toMs, stepMs, points };
}

/** Throws `metrics-window-unsuitable`: so many nodes have reported too often in it. */
export function mustBeReadable({ fromMs, toMs }: MetricWindow, nodeModules: number): void {
  const { reports, reportMs } = metricLimits;
  const mostMs = (reports * reportMs) / Math.max(1, nodeModules);
  if (toMs - fromMs <= mostMs) return;
  throw metricsWindowUnsuitable('So many nodes have sent too many reports in it.', mostMs);
}
