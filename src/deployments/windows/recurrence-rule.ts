/**
 * The part of RFC 5545 that a freeze may recur by: days, at most one beginning a day. What is refused here
 * never reaches the library: unknown parts, numbers that no calendar has, and what would take long to work
 * out. The time of day is that of the first day, so BYHOUR and its like are refused, too.
 */
import { changeLimits } from '../../kernel/change-limits.js';

const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
type Frequency = (typeof FREQUENCIES)[number];

/** Says what is wrong with a rule, in words that complete the sentence "The rule …". */
export class BadRule extends Error {}

export interface ParsedRule {
  /** In the order in which it was written, without COUNT and UNTIL. */
  readonly endless: string;
  readonly count: number | null;
  /** Inclusive: a moment, or the last moment of a day there. */
  readonly until: Until | null;
}

export interface Until {
  /** As `Date.UTC` makes it of what was written. */
  readonly at: number;
  /** False: of a clock on the wall there. */
  readonly isUtc: boolean;
}

type Check = (value: string, frequency: Frequency) => string | null;

/** A list of whole numbers; with `signed`, from the end, too. */
function numbers(
  most: number,
  options: { signed?: true; only?: readonly Frequency[] } = {},
): Check {
  return (value, frequency) => {
    if (options.only && !options.only.includes(frequency)) {
      return `goes with FREQ=${options.only.join(' or ')} only`;
    }
    const items = value.split(',');
    if (items.length > changeLimits.freezeRuleValues) {
      return `may have ${changeLimits.freezeRuleValues} values at most`;
    }
    const isGood = (item: string) => {
      const digits = options.signed ? item.replace(/^[+-]/, '') : item;
      return /^\d{1,3}$/.test(digits) && Number(digits) >= 1 && Number(digits) <= most;
    };
    const bad = items.find((item) => !isGood(item));
    if (bad === undefined) return null;
    return `has "${bad}", and goes from 1 to ${most}${options.signed ? ', or from the end from -1' : ''}`;
  };
}

const WEEKDAY = /^(?:MO|TU|WE|TH|FR|SA|SU)$/;
const NUMBERED_DAY = /^([+-]?\d{1,2})(MO|TU|WE|TH|FR|SA|SU)$/;

const days: Check = (value, frequency) => {
  const items = value.split(',');
  if (items.length > changeLimits.freezeRuleValues) {
    return `may have ${changeLimits.freezeRuleValues} values at most`;
  }
  for (const item of items) {
    if (WEEKDAY.test(item)) continue;
    const place = Number(NUMBERED_DAY.exec(item)?.[1] ?? 0);
    if (place === 0 || Math.abs(place) > 53) {
      return `has "${item}", and is made of MO, TU, WE, TH, FR, SA, SU, or 2TU for the second Tuesday`;
    }
    if (frequency !== 'MONTHLY' && frequency !== 'YEARLY') {
      return `has "${item}", which goes with FREQ=MONTHLY or YEARLY only`;
    }
  }
  return null;
};

const single =
  (most: number): Check =>
  (value, frequency) =>
    value.includes(',') ? 'is one number' : numbers(most)(value, frequency);

const PARTS: Readonly<Record<string, Check>> = {
  FREQ: () => null,
  INTERVAL: single(changeLimits.freezeRuleInterval),
  COUNT: single(changeLimits.freezeRuleCount),
  UNTIL: (value) => (untilOf(value) ? null : 'is 20261231 or 20261231T235959Z'),
  BYMONTH: numbers(12),
  BYMONTHDAY: numbers(31, { signed: true, only: ['DAILY', 'MONTHLY', 'YEARLY'] }),
  BYYEARDAY: numbers(366, { signed: true, only: ['YEARLY'] }),
  BYWEEKNO: numbers(53, { signed: true, only: ['YEARLY'] }),
  BYDAY: days,
  BYSETPOS: numbers(366, { signed: true, only: ['WEEKLY', 'MONTHLY', 'YEARLY'] }),
  WKST: (value) => (WEEKDAY.test(value) ? null : 'is one of MO, TU, WE, TH, FR, SA, SU'),
};

/** Throws BadRule. */
export function parseRule(text: string): ParsedRule {
  const parts = partsOf(text.replace(/^RRULE:/i, '').toUpperCase());
  const frequency = parts.get('FREQ');
  if (!isFrequency(frequency)) {
    throw new BadRule(`needs FREQ, which is one of ${FREQUENCIES.join(', ')}`);
  }
  for (const [name, value] of parts) {
    const problem = PARTS[name]!(value, frequency);
    if (problem !== null) throw new BadRule(`is not good: ${name} ${problem}`);
  }
  if (parts.has('COUNT') && parts.has('UNTIL')) {
    throw new BadRule('ends by COUNT or by UNTIL, not by both');
  }
  if (parts.has('BYSETPOS') && ![...parts.keys()].some(isSelecting)) {
    throw new BadRule('has BYSETPOS and nothing to choose from: BYDAY or BYMONTHDAY, say');
  }
  const endless = [...parts]
    .filter(([name]) => name !== 'COUNT' && name !== 'UNTIL')
    .map(([name, value]) => `${name}=${value}`);
  const [count, until] = [parts.get('COUNT'), parts.get('UNTIL')];
  return {
    endless: endless.join(';'),
    count: count === undefined ? null : Number(count),
    until: until === undefined ? null : untilOf(until),
  };
}

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.split(';')) {
    const [name = '', value = '', ...rest] = part.split('=');
    if (['BYHOUR', 'BYMINUTE', 'BYSECOND'].includes(name)) {
      throw new BadRule(`has ${name}: the time of day is that of "start"`);
    }
    if (!Object.hasOwn(PARTS, name)) {
      throw new BadRule(
        `has "${part.slice(0, 40)}", and is made of ${Object.keys(PARTS).join(', ')}, as in FREQ=WEEKLY;BYDAY=FR`,
      );
    }
    if (value === '' || rest.length > 0) throw new BadRule(`has ${name} without a value`);
    if (parts.has(name)) throw new BadRule(`has ${name} twice`);
    parts.set(name, value);
  }
  return parts;
}

const isFrequency = (value: string | undefined): value is Frequency =>
  (FREQUENCIES as readonly (string | undefined)[]).includes(value);

const isSelecting = (name: string) => name.startsWith('BY') && name !== 'BYSETPOS';

const DAY_MS = 86_400_000;

function untilOf(value: string): Until | null {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/.exec(value);
  if (!found) return null;
  const [year, month, day, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const midnight = Date.UTC(year!, month! - 1, day);
  // What is no day of a calendar has become another one.
  if (new Date(midnight).toISOString().slice(0, 10).replaceAll('-', '') !== value.slice(0, 8)) {
    return null;
  }
  if (found[4] === undefined) return { at: midnight + DAY_MS - 1, isUtc: false };
  if (hour > 23 || minute > 59 || second > 59) return null;
  const at = midnight + ((hour * 60 + minute) * 60 + second) * 1_000;
  return { at, isUtc: found[7] === 'Z' };
}
