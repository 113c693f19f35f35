/** What people say of times, as the API takes it. */
import type { components } from '#sdk';
import { CliError } from './exit-codes.js';

type FreezeWindow = components['schemas']['FreezeRules']['window'];

export interface WindowOptions {
  readonly from?: string;
  readonly to?: string;
  readonly every?: string;
  readonly first?: string;
  readonly at?: string;
  readonly for?: string;
  readonly zone?: string;
}

/** Either --from and --to, or --every with --at, --for and --zone. `today`: 2026-12-04. */
export function windowOf(options: WindowOptions, today: string): FreezeWindow {
  const { from, to, every, first = today, at, for: length, zone } = options;
  if (every === undefined) {
    if (from === undefined || to === undefined) {
      throw new CliError('Say when: --from and --to, or --every with --at, --for and --zone.');
    }
    return { kind: 'once', from: momentOf(from, '--from'), to: momentOf(to, '--to') };
  }
  if (from !== undefined || to !== undefined) {
    throw new CliError(
      '--every begins with --first and ends by its rule: leave --from and --to out.',
    );
  }
  if (at === undefined || length === undefined || zone === undefined) {
    throw new CliError('--every needs --at (16:00), --for (2d16h) and --zone (Europe/Berlin).');
  }
  return {
    kind: 'recurring',
    rule: ruleOf(every),
    start: `${first}T${at}`,
    duration: durationOf(length),
    timeZone: zone,
  };
}

const DAYS: Readonly<Record<string, string>> = {
  mon: 'MO',
  tue: 'TU',
  wed: 'WE',
  thu: 'TH',
  fri: 'FR',
  sat: 'SA',
  sun: 'SU',
};
const PLACES: Readonly<Record<string, number>> = {
  '1st': 1,
  first: 1,
  '2nd': 2,
  second: 2,
  '3rd': 3,
  third: 3,
  '4th': 4,
  fourth: 4,
  last: -1,
};
const WORDS: Readonly<Record<string, string>> = {
  day: 'FREQ=DAILY',
  weekday: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
  weekend: 'FREQ=WEEKLY;BYDAY=SA,SU',
  week: 'FREQ=WEEKLY',
  month: 'FREQ=MONTHLY',
  year: 'FREQ=YEARLY',
};

/** `day`, `weekday`, `fri`, `mon,wed`, `second tuesday`, `last fri`; or a rule of RFC 5545. */
export function ruleOf(text: string): string {
  if (/^(RRULE:)?[A-Z]+=/i.test(text)) return text;
  const said = text.trim().toLowerCase();
  const word = WORDS[said];
  if (word !== undefined) return word;
  const [place, day, ...rest] = said.split(/\s+/);
  if (day !== undefined && rest.length === 0) {
    const [number, name] = [PLACES[place!], dayOf(day)];
    if (number !== undefined && name !== undefined) return `FREQ=MONTHLY;BYDAY=${number}${name}`;
  }
  const days = said.split(',').map((each) => dayOf(each.trim()));
  if (days.every((each) => each !== undefined)) return `FREQ=WEEKLY;BYDAY=${days.join(',')}`;
  throw new CliError(
    `--every takes day, weekday, weekend, week, month, year, fri, mon,wed, "second tue", or a rule such as FREQ=MONTHLY;BYMONTHDAY=-1; not "${text}".`,
  );
}

/** `fri`, `friday`. */
function dayOf(text: string): string | undefined {
  const found = /^(mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day)?$/.exec(text);
  return found ? DAYS[found[1]!] : undefined;
}

/** `2d16h`, `90m`, `1w`. */
export function durationOf(text: string): string {
  const found = /^(?=\d)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?$/.exec(text);
  if (!found)
    throw new CliError(`--for takes weeks, days, hours and minutes, as in 2d16h; not "${text}".`);
  const [weeks, days, hours, minutes] = found.slice(1);
  const part = (value: string | undefined, unit: string) =>
    value === undefined ? '' : value + unit;
  const time = part(hours, 'H') + part(minutes, 'M');
  return `P${part(weeks, 'W')}${part(days, 'D')}${time && `T${time}`}`;
}

/** With its offset: what a local time is meant to be, the server cannot know. */
export function momentOf(text: string, option: string): string {
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const at = isWhole ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new CliError(
    `${option} takes a time with its offset, as in 2026-12-20T18:00Z or 2026-12-20T18:00+01:00; not "${text}".`,
  );
}
