/** When a freeze counts: one window, or those of its rule. Pure. */
import type { FreezeTimes } from './freeze.js';
import { windowAt, windowsWithin, type Recurrence, type Window } from './recurrence.js';

/** The window in which the moment is, up to the next moment that is in none. Null: it does not count then. */
export function frozenAt(freeze: FreezeTimes, at: number): Window | null {
  const recurrence = recurrenceOf(freeze);
  if (recurrence) return windowAt(recurrence, at);
  const once = onceOf(freeze);
  return once.from <= at && at < once.to ? once : null;
}

/** All of which a moment is in the span, oldest first. */
export function frozenWithin(freeze: FreezeTimes, from: number, to: number): Window[] {
  const recurrence = recurrenceOf(freeze);
  if (recurrence) return windowsWithin(recurrence, from, to);
  const once = onceOf(freeze);
  return once.from <= to && once.to > from ? [once] : [];
}

function onceOf({ startsAt, endsAt }: FreezeTimes): Window {
  return { from: startsAt.getTime(), to: endsAt?.getTime() ?? Infinity };
}

function recurrenceOf(freeze: FreezeTimes): Recurrence | null {
  const { rule, localStart, duration, timeZone, endsAt } = freeze;
  if (rule === null || localStart === null || duration === null || timeZone === null) return null;
  return { rule, localStart, duration, timeZone, endsAt: endsAt?.getTime() ?? null };
}
