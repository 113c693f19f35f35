/** The times of a request as a row keeps them, or what is wrong with them. Pure. */
import { changeLimits } from '../../kernel/change-limits.js';
import type { FreezeTimes } from './freeze.js';
import { freezeTimesUnsuitable } from './freezes.errors.js';
import type { FreezeRules } from './freezes.dto.js';
import { BadRule } from './recurrence-rule.js';
import { durationMs, extentOf, isTimeZone, wallMs, type Extent } from './recurrence.js';

type Asked = FreezeRules['window'];
type Recurring = Extract<Asked, { kind: 'recurring' }>;
type Problems = Record<string, string>;

const DAY_MS = 86_400_000;
const LONGEST = `at most ${changeLimits.freezeMs / DAY_MS} days`;
/** A rule may count from a day that is long over. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);

/** Throws `freeze-times-unsuitable`. */
export function timesOf(window: Asked, now: number): FreezeTimes {
  if (window.kind === 'recurring') return recurringTimes(window, now);
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const problems: Problems = {};
  if (to <= from) problems['window.to'] = 'must be after window.from';
  else if (to - from > changeLimits.freezeMs) problems['window.to'] = `a freeze lasts ${LONGEST}`;
  if (to <= now) problems['window.to'] = 'is over already';
  if (from > now + changeLimits.freezeAheadMs)
    problems['window.from'] = 'is more than five years ahead';
  refuse(problems);
  return {
    kind: 'once',
    startsAt: new Date(from),
    endsAt: new Date(to),
    rule: null,
    localStart: null,
    duration: null,
    timeZone: null,
  };
}

function recurringTimes({ rule, start, duration, timeZone }: Recurring, now: number): FreezeTimes {
  const localStart = start.length === 16 ? `${start}:00` : start;
  const problems: Problems = {
    ...startProblem(localStart, now),
    ...durationProblem(duration),
    ...(isTimeZone(timeZone)
      ? {}
      : { 'window.timeZone': 'is not an IANA time zone, such as Europe/Berlin or UTC' }),
  };
  refuse(problems);
  const recurrence = { rule, localStart, duration, timeZone };
  const extent = extentFound({ ...recurrence, endsAt: null });
  if (extent === null) {
    refuse({
      'window.rule': 'never happens, or too rarely to work out; give fewer or nearer days',
    });
  }
  const { first, endsAt } = extent!;
  if (endsAt !== null && endsAt <= now) refuse({ 'window.rule': 'is over already' });
  return {
    kind: 'recurring',
    startsAt: new Date(first.from),
    endsAt: endsAt === null ? null : new Date(endsAt),
    ...recurrence,
  };
}

function extentFound(recurrence: Parameters<typeof extentOf>[0]): Extent | null {
  try {
    return extentOf(recurrence);
  } catch (error) {
    if (!(error instanceof BadRule)) throw error;
    throw freezeTimesUnsuitable({ 'window.rule': error.message });
  }
}

function startProblem(localStart: string, now: number): Problems {
  const wall = wallMs(localStart);
  const isReal = !Number.isNaN(wall) && new Date(wall).toISOString().startsWith(localStart);
  if (!isReal) return { 'window.start': 'is not a valid date or time' };
  const isNear = wall >= EARLIEST_MS && wall <= now + changeLimits.freezeAheadMs;
  return isNear ? {} : { 'window.start': 'must be after 1999 and within five years' };
}

function durationProblem(duration: string): Problems {
  const ms = durationMs(duration);
  if (ms === null) {
    return { 'window.duration': 'is weeks, days, hours and minutes, as in P2DT12H or PT90M' };
  }
  if (ms === 0) return { 'window.duration': 'must not be empty' };
  return ms > changeLimits.freezeMs ? { 'window.duration': `a window lasts ${LONGEST}` } : {};
}

function refuse(problems: Problems): void {
  if (Object.keys(problems).length > 0) throw freezeTimesUnsuitable(problems);
}
