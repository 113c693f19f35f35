/**
 * When a recurring window is. Which days, the library says; what time it is there then, Temporal says: a
 * window whose beginning the clocks skip begins when they have skipped, and one whose beginning they show
 * twice begins the first time. RFC 5545 would leave the first of them out, and a freeze must not be left out
 * for the hour at which it begins. Days of a duration are days of the calendar there, hours are hours.
 */
import { RRuleTemporal, type TemporalZonedDateTime } from 'rrule-temporal';
import { parseRule, type ParsedRule } from './recurrence-rule.js';

/** From its beginning to the moment at which it is over, in ms since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export interface Recurrence {
  readonly rule: string;
  /** As a clock on the wall there shows it: 2026-12-01T18:00:00. */
  readonly localStart: string;
  /** ISO 8601, of weeks, days, hours and minutes: P2DT12H. */
  readonly duration: string;
  /** IANA: Europe/Berlin. */
  readonly timeZone: string;
  /** The end of its last window; null: it goes on without an end, or nobody has asked yet. */
  readonly endsAt: number | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Local time is never further from UTC, whatever the zone. */
const MOST_OFFSET_MS = 15 * HOUR_MS;
/** A day of a calendar may have an hour more, or a few in odd places. */
const SLACK_MS = 3 * HOUR_MS;
/** What takes longer than a few hundred milliseconds to find is refused when it is made. */
const BOUNDS = { maxIterations: 3_000, maxCandidateEvaluations: 15_000 } as const;
/** How far a chain of windows that touch is followed, in steps of so many days. */
const CHAIN_STEP_MS = 40 * DAY_MS;
const CHAIN_MS = 366 * DAY_MS;

/** All that begin after `from`, up to `to`, oldest first. */
export function windowsBeginning(recurrence: Recurrence, from: number, to: number): Window[] {
  const days = daysOf(recurrence).between(
    new Date(from - MOST_OFFSET_MS),
    new Date(to + MOST_OFFSET_MS),
    true,
  );
  return days
    .map((day) => windowOf(recurrence, day))
    .filter((window) => window.from > from && window.from <= to && !isPastEnd(recurrence, window));
}

/** All of which any moment is in the span, oldest first. */
export function windowsWithin(recurrence: Recurrence, from: number, to: number): Window[] {
  const began = from - mostMs(recurrence.duration);
  return windowsBeginning(recurrence, began, to).filter((window) => window.to > from);
}

/**
 * The window in which a moment is, and those that follow it without a gap: together they are one to whoever
 * waits. Null: it is in none.
 */
export function windowAt(recurrence: Recurrence, at: number): Window | null {
  const [first, ...rest] = windowsWithin(recurrence, at, at);
  if (!first) return null;
  const from = first.from;
  let to = Math.max(first.to, ...rest.map((window) => window.to));
  for (let seen = at; seen < to && seen - at < CHAIN_MS;) {
    const upTo = Math.min(to, seen + CHAIN_STEP_MS);
    for (const window of windowsBeginning(recurrence, seen, upTo + CHAIN_STEP_MS)) {
      if (window.from <= to) to = Math.max(to, window.to);
    }
    seen = upTo;
  }
  return { from, to };
}

/**
 * The first window, and the end of the last one. Throws BadRule; null: there is none at all, or they are so far
 * apart that nobody can tell in time.
 */
export function extentOf(recurrence: Recurrence): Extent | null {
  parseRule(recurrence.rule);
  try {
    return foundExtent(recurrence);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Maximum ')) return null;
    throw error;
  }
}

export interface Extent {
  readonly first: Window;
  /** Null: it goes on without an end. */
  readonly endsAt: number | null;
}

function foundExtent(recurrence: Recurrence): Extent | null {
  const parsed = parseRule(recurrence.rule);
  const days = daysOf(recurrence);
  const first = days.next(new Date(wallMs(recurrence.localStart) - 1));
  if (!first) return null;
  const last = lastDay(recurrence, days, parsed);
  if (last === null) return { first: windowOf(recurrence, first), endsAt: null };
  const { from, to } = windowOf(recurrence, last);
  const began = windowOf(recurrence, first);
  return from < began.from ? null : { first: began, endsAt: to };
}

function lastDay(
  recurrence: Recurrence,
  days: RRuleTemporal,
  { count, until }: ParsedRule,
): TemporalZonedDateTime | null {
  if (count !== null) return days.all((_, index) => index < count).at(-1) ?? null;
  if (!until) return null;
  const isAfter = (day: TemporalZonedDateTime) =>
    until.isUtc ? windowOf(recurrence, day).from > until.at : day.epochMilliseconds > until.at;
  let day = days.previous(new Date(until.at + (until.isUtc ? MOST_OFFSET_MS : 0)), true);
  while (day && isAfter(day)) day = days.previous(new Date(day.epochMilliseconds));
  // Before the first one: it is compared with that.
  return day ?? days.next(new Date(0))!.subtract({ days: 1 });
}

/** The days of the rule, each at its time on the wall, told as if that were UTC. */
function daysOf({ rule, localStart }: Recurrence): RRuleTemporal {
  const start = localStart.replaceAll(/[-:]/g, '');
  const rruleString = `DTSTART:${start}Z\nRRULE:${parseRule(rule).endless}`;
  return new RRuleTemporal({ rruleString, strict: true, cache: false, ...BOUNDS });
}

function windowOf({ duration, timeZone }: Recurrence, day: TemporalZonedDateTime): Window {
  const from = day.toPlainDateTime().toZonedDateTime(timeZone);
  return { from: from.epochMilliseconds, to: from.add(duration).epochMilliseconds };
}

const isPastEnd = ({ endsAt }: Recurrence, { to }: Window) => endsAt !== null && to > endsAt;

const DURATION = /^P(?:(\d{1,2})W)?(?:(\d{1,3})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?$/;

/** As long as its days have 24 hours; null: it is no duration of weeks, days, hours and minutes. */
export function durationMs(duration: string): number | null {
  const found = DURATION.exec(duration);
  if (!found) return null;
  const [weeks, days, hours, minutes] = found.slice(1).map((part) => Number(part ?? 0));
  return ((weeks! * 7 + days!) * 24 + hours!) * HOUR_MS + minutes! * 60_000;
}

const mostMs = (duration: string) => (durationMs(duration) ?? 0) + SLACK_MS;

/** What a clock on the wall shows, as if it were UTC; NaN: it is none. */
export function wallMs(localStart: string): number {
  return Date.parse(`${localStart}Z`);
}

/** Of the IANA's; `+02:00` is none: it has no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
