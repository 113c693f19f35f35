import { errorEntry } from '../../kernel/error-entry.js';
import { metricLimits } from './metric-limits.js';

export const metricsWindowUnsuitable = errorEntry({
  code: 'metrics-window-unsuitable',
  kind: 'unprocessable',
  meaning: `The time that is asked for ends before it begins, lies in the future, is longer than ${metricLimits.windowMs / 3_600_000} hours, or holds more reports of these nodes than are read at once. Ask for a shorter one.`,
  tell: (problem: string, mostMs: number) => ({
    text: `${problem} Ask for at most ${Math.floor(mostMs / 1000)} seconds.`,
    details: { mostMs },
  }),
});
