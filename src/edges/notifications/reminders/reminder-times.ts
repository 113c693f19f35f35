/** When people are reminded of an approval that they have not decided: known as soon as it is asked for. */

export const REMINDER_KINDS = ['half', 'last', 'escalation', 'overdue'] as const;
export type ReminderKind = (typeof REMINDER_KINDS)[number];

export interface ReminderRules {
  readonly atHalf: boolean;
  /** Before the deadline; 0: not at all. */
  readonly lastMinutes: number;
  readonly escalationMinutes: number;
}

export interface ReminderTime {
  readonly kind: ReminderKind;
  readonly dueAt: Date;
}

/** What is rejected when its time is over, is over by then: unless nobody does it. */
const OVERDUE_MS = 10 * 60_000;
/** Two closer together than this are one. */
const APART_MS = 5 * 60_000;
const MINUTE_MS = 60_000;

/** In order. What would come before it is asked for, or at once, is left out; so is the half, close to the last. */
export function reminderTimes(
  askedAt: Date,
  deadlineAt: Date,
  rules: ReminderRules,
): ReminderTime[] {
  const [asked, deadline] = [askedAt.getTime(), deadlineAt.getTime()];
  const before = (minutes: number) => (minutes === 0 ? null : deadline - minutes * MINUTE_MS);
  const last = before(rules.lastMinutes);
  const half = rules.atHalf ? asked + Math.floor((deadline - asked) / 2) : null;
  const isHalfApart = half !== null && (last === null || Math.abs(last - half) >= APART_MS);
  const times: readonly (readonly [ReminderKind, number | null])[] = [
    ['half', isHalfApart ? half : null],
    ['last', last],
    ['escalation', before(rules.escalationMinutes)],
    ['overdue', deadline + OVERDUE_MS],
  ];
  return times
    .flatMap(([kind, at]) => (at === null || at < asked + APART_MS ? [] : [{ kind, at }]))
    .sort((one, other) => one.at - other.at)
    .map(({ kind, at }) => ({ kind, dueAt: new Date(at) }));
}
