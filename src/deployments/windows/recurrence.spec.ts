import fc from 'fast-check';
import { BadRule, parseRule } from './recurrence-rule.js';
import {
  durationMs,
  extentOf,
  isTimeZone,
  windowAt,
  windowsBeginning,
  windowsWithin,
  type Recurrence,
  type Window,
} from './recurrence.js';

const DAY_MS = 86_400_000;

const of = (rule: string, change: Partial<Recurrence> = {}): Recurrence => {
  const given = {
    rule,
    localStart: '2026-01-01T18:00:00',
    duration: 'PT2H',
    timeZone: 'Europe/Berlin',
    ...change,
  };
  return { ...given, endsAt: change.endsAt ?? extentOf({ ...given, endsAt: null })!.endsAt };
};
const at = (text: string) => Date.parse(text);
const shown = ({ from, to }: Window) =>
  `${new Date(from).toISOString().slice(0, 16)} ${new Date(to).toISOString().slice(0, 16)}`;
const within = (recurrence: Recurrence, from: string, to: string) =>
  windowsWithin(recurrence, at(from), at(to)).map(shown);

describe('a window that recurs', () => {
  it('keeps its time on the wall over both changes of the clocks', () => {
    const nightly = of('FREQ=DAILY', { localStart: '2026-01-01T22:00:00', duration: 'PT8H' });
    expect(within(nightly, '2026-03-28T12:00Z', '2026-03-30T00:00Z')).toEqual([
      // Eight hours are eight hours: on the night that is an hour short it is over at 7 on the wall.
      '2026-03-28T21:00 2026-03-29T05:00',
      '2026-03-29T20:00 2026-03-30T04:00',
    ]);
    expect(within(nightly, '2026-10-24T12:00Z', '2026-10-26T00:00Z')).toEqual([
      '2026-10-24T20:00 2026-10-25T04:00',
      '2026-10-25T21:00 2026-10-26T05:00',
    ]);
  });

  it('has days of the calendar there, of 23 and of 25 hours', () => {
    const sundays = of('FREQ=WEEKLY;BYDAY=SU', {
      localStart: '2026-01-01T00:00:00',
      duration: 'P1D',
    });
    expect(within(sundays, '2026-03-29T12:00Z', '2026-03-29T12:00Z')).toEqual([
      '2026-03-28T23:00 2026-03-29T22:00',
    ]);
    expect(within(sundays, '2026-10-25T12:00Z', '2026-10-25T12:00Z')).toEqual([
      '2026-10-24T22:00 2026-10-25T23:00',
    ]);
  });

  it('that would begin in the hour which the clocks skip begins when they have', () => {
    const early = of('FREQ=DAILY', { localStart: '2026-01-01T02:30:00', duration: 'PT1H' });
    expect(within(early, '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual([
      '2026-03-29T01:30 2026-03-29T02:30',
    ]);
  });

  it('that would begin in the hour which they show twice begins the first time', () => {
    const early = of('FREQ=DAILY', { localStart: '2026-01-01T02:30:00', duration: 'PT1H' });
    expect(within(early, '2026-10-25T00:00Z', '2026-10-25T12:00Z')).toEqual([
      '2026-10-25T00:30 2026-10-25T01:30',
    ]);
  });

  it.each([
    ['Pacific/Kiritimati', '2026-06-01T18:00:00', '2026-06-01T04:00 2026-06-01T06:00'],
    ['Pacific/Pago_Pago', '2026-06-01T18:00:00', '2026-06-02T05:00 2026-06-02T07:00'],
    ['America/New_York', '2026-06-01T18:00:00', '2026-06-01T22:00 2026-06-02T00:00'],
    ['Asia/Kathmandu', '2026-06-01T18:00:00', '2026-06-01T12:15 2026-06-01T14:15'],
    ['UTC', '2026-06-01T18:00:00', '2026-06-01T18:00 2026-06-01T20:00'],
  ])('is where its zone is: %s', (timeZone, localStart, expected) => {
    const daily = of('FREQ=DAILY;COUNT=1', { timeZone, localStart });
    expect(within(daily, '2026-05-01T00:00Z', '2026-07-01T00:00Z')).toEqual([expected]);
  });

  it('finds the second Tuesday, and the last working day', () => {
    const patch = of('FREQ=MONTHLY;BYDAY=2TU', { timeZone: 'UTC' });
    const days = (recurrence: Recurrence, from: string, to: string) =>
      within(recurrence, from, to).map((text) => text.slice(0, 10));
    expect(days(patch, '2026-08-01T00:00Z', '2026-12-31T00:00Z')).toEqual([
      '2026-08-11',
      '2026-09-08',
      '2026-10-13',
      '2026-11-10',
      '2026-12-08',
    ]);
    const last = of('FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', { timeZone: 'UTC' });
    expect(days(last, '2026-01-01T00:00Z', '2026-06-01T00:00Z')).toEqual([
      '2026-01-30',
      '2026-02-27',
      '2026-03-31',
      '2026-04-30',
      '2026-05-29',
    ]);
  });

  it('of a 31st is in the months that have one, of a last day in all', () => {
    const begins = (rule: string, localStart: string) =>
      within(
        of(rule, { timeZone: 'UTC', localStart }),
        '2026-01-01T00:00Z',
        '2026-07-01T00:00Z',
      ).map((text) => text.slice(5, 10));
    expect(begins('FREQ=MONTHLY', '2026-01-31T00:00:00')).toEqual(['01-31', '03-31', '05-31']);
    expect(begins('FREQ=MONTHLY;BYMONTHDAY=-1', '2026-01-31T00:00:00')).toEqual([
      '01-31',
      '02-28',
      '03-31',
      '04-30',
      '05-31',
      '06-30',
    ]);
  });

  it('of a leap day is in leap years', () => {
    const leap = of('FREQ=YEARLY', { timeZone: 'UTC', localStart: '2024-02-29T00:00:00' });
    expect(
      within(leap, '2024-01-01T00:00Z', '2034-01-01T00:00Z').map((text) => text.slice(0, 10)),
    ).toEqual(['2024-02-29', '2028-02-29', '2032-02-29']);
  });

  it('goes over the end of a year', () => {
    const holidays = of('FREQ=YEARLY', { localStart: '2020-12-20T18:00:00', duration: 'P2W' });
    expect(windowAt(holidays, at('2027-01-02T12:00Z'))).toEqual({
      from: at('2026-12-20T17:00Z'),
      to: at('2027-01-03T17:00Z'),
    });
    expect(windowAt(holidays, at('2027-01-03T17:00Z'))).toBeNull();
    expect(windowAt(holidays, at('2026-12-20T16:59:59.999Z'))).toBeNull();
  });

  it('without an end is there in fifty years, and is told as quickly', () => {
    const daily = of('FREQ=DAILY;INTERVAL=3', { localStart: '2000-01-01T18:00:00' });
    const began = performance.now();
    for (let year = 2026; year < 2076; year += 1) {
      expect(
        windowsWithin(daily, at(`${year}-06-01T00:00Z`), at(`${year}-06-03T23:00Z`)),
      ).toHaveLength(1);
    }
    expect((performance.now() - began) / 50).toBeLessThan(200);
  });

  it('ends with its last one', () => {
    const three = of('FREQ=DAILY;COUNT=3', { timeZone: 'UTC', localStart: '2026-05-01T18:00:00' });
    expect(within(three, '2026-01-01T00:00Z', '2027-01-01T00:00Z')).toHaveLength(3);
    expect(three.endsAt).toBe(at('2026-05-03T20:00Z'));
    const until = (text: string) =>
      of(`FREQ=DAILY;UNTIL=${text}`, { localStart: '2026-05-01T18:00:00' }).endsAt;
    // On that day there, too; at 18 in Berlin, which is 16 in UTC.
    expect(until('20260503')).toBe(at('2026-05-03T18:00Z'));
    expect(until('20260503T160000Z')).toBe(at('2026-05-03T18:00Z'));
    expect(until('20260503T155959Z')).toBe(at('2026-05-02T18:00Z'));
    expect(until('20260503T175959')).toBe(at('2026-05-02T18:00Z'));
  });

  it('is there at all, or is not', () => {
    const extent = (rule: string) => extentOf({ ...of('FREQ=DAILY'), rule, endsAt: null });
    expect(extent('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30')).toBeNull();
    expect(extent('FREQ=DAILY;UNTIL=20200101')).toBeNull();
    expect(extent('FREQ=WEEKLY;BYDAY=FR')).toMatchObject({
      first: { from: at('2026-01-02T17:00Z') },
    });
  });

  it('follows those that touch, and stops at a year', () => {
    const weekend = of('FREQ=WEEKLY;BYDAY=SA,SU', {
      localStart: '2026-01-01T00:00:00',
      duration: 'P1D',
    });
    expect(windowAt(weekend, at('2026-06-06T12:00Z'))).toEqual({
      from: at('2026-06-05T22:00Z'),
      to: at('2026-06-07T22:00Z'),
    });
    const always = of('FREQ=DAILY', { localStart: '2026-01-01T00:00:00', duration: 'P2D' });
    const { to } = windowAt(always, at('2026-06-06T12:00Z'))!;
    expect(to).toBeGreaterThan(at('2027-05-01T00:00Z'));
    expect(to).toBeLessThan(at('2027-10-01T00:00Z'));
  });
});

describe('a window, against a calendar that is walked day by day', () => {
  const ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'];
  const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

  /** What the wall shows there, as if it were UTC. */
  function wallAt(moment: number, timeZone: string): number {
    const parts = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      dateStyle: 'short',
      timeStyle: 'medium',
      hourCycle: 'h23',
    }).formatToParts(moment);
    const part = (type: string) => Number(parts.find((each) => each.type === type)!.value);
    return Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
  }

  it('is the same, for any days, hours, zone and moment', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...ZONES),
        // Not in the hours in which clocks are changed: what counts there is tested by itself.
        fc.integer({ min: 5, max: 22 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: at('2026-01-10T00:00Z'), max: at('2029-01-01T00:00Z') }),
        (days, timeZone, hour, hours, moment) => {
          const recurrence: Recurrence = {
            rule: `FREQ=WEEKLY;BYDAY=${days.join(',')}`,
            localStart: `2026-01-01T${String(hour).padStart(2, '0')}:00:00`,
            duration: `PT${hours}H`,
            timeZone,
            endsAt: null,
          };
          // It is in a window if the wall showed such a day and hour at some whole quarter within so many hours.
          let isExpected = false;
          for (let back = 0; back < hours * 4 && !isExpected; back += 1) {
            const quarter = Math.floor(moment / 900_000) * 900_000 - back * 900_000;
            const wall = new Date(wallAt(quarter, timeZone));
            const isStart = wall.getUTCHours() === hour && wall.getUTCMinutes() === 0;
            if (!isStart || !days.includes(DAYS[wall.getUTCDay()]!)) continue;
            isExpected = moment >= quarter && moment < quarter + hours * 3_600_000;
          }
          expect(windowAt(recurrence, moment) !== null).toBe(isExpected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is found by whoever asks for the span in which it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'FREQ=DAILY;INTERVAL=5',
          'FREQ=MONTHLY;BYMONTHDAY=31',
          'FREQ=MONTHLY;BYDAY=-1FR',
        ),
        fc.constantFrom('PT30M', 'P3D', 'P1W'),
        fc.integer({ min: at('2026-01-10T00:00Z'), max: at('2029-01-01T00:00Z') }),
        (rule, duration, moment) => {
          const recurrence = of(rule, { duration });
          for (const { from, to } of windowsBeginning(recurrence, moment, moment + 40 * DAY_MS)) {
            expect(windowAt(recurrence, from)).not.toBeNull();
            expect(windowAt(recurrence, to - 1)).not.toBeNull();
            expect(windowsWithin(recurrence, to - 1, to - 1).length).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('a rule', () => {
  it.each([
    ['', 'has "", and is made of FREQ'],
    ['FREQ=HOURLY', 'needs FREQ, which is one of DAILY, WEEKLY, MONTHLY, YEARLY'],
    ['INTERVAL=2', 'needs FREQ'],
    ['FREQ=DAILY;BYHOUR=9', 'the time of day is that of "start"'],
    ['FREQ=DAILY;FOO=1', 'has "FOO=1", and is made of FREQ, INTERVAL'],
    ['FREQ=DAILY;FREQ=DAILY', 'has FREQ twice'],
    ['FREQ=DAILY;INTERVAL=0', 'INTERVAL has "0"'],
    ['FREQ=DAILY;INTERVAL=367', 'goes from 1 to 366'],
    ['FREQ=DAILY;INTERVAL=', 'has INTERVAL without a value'],
    ['FREQ=DAILY;COUNT=1e3', 'COUNT has "1E3"'],
    ['FREQ=DAILY;COUNT=3;UNTIL=20270101', 'by COUNT or by UNTIL'],
    ['FREQ=DAILY;UNTIL=20260230', 'UNTIL is 20261231'],
    ['FREQ=MONTHLY;BYMONTHDAY=32', 'BYMONTHDAY has "32"'],
    ['FREQ=WEEKLY;BYMONTHDAY=1', 'goes with FREQ=DAILY or MONTHLY or YEARLY only'],
    ['FREQ=WEEKLY;BYDAY=2TU', 'goes with FREQ=MONTHLY or YEARLY only'],
    ['FREQ=MONTHLY;BYDAY=TUE', 'or 2TU for the second Tuesday'],
    ['FREQ=MONTHLY;BYDAY=0TU', 'or 2TU for the second Tuesday'],
    ['FREQ=MONTHLY;BYSETPOS=1', 'nothing to choose from'],
    [
      `FREQ=YEARLY;BYYEARDAY=${Array.from({ length: 32 }, (_, day) => day + 1).join(',')}`,
      '31 values',
    ],
    ['FREQ=DAILY\nEXDATE:20260101', 'needs FREQ'],
    ['FREQ=DAILY;__PROTO__=1', 'and is made of'],
    ['FREQ=DAILY;CONSTRUCTOR=1', 'and is made of'],
  ])('is refused with the reason: %s', (rule, reason) => {
    expect(() => parseRule(rule)).toThrow(BadRule);
    expect(() => parseRule(rule)).toThrow(reason);
  });

  it('is worked out quickly, whatever the parser lets pass', () => {
    const part = fc.constantFrom(
      'INTERVAL=366',
      'BYMONTH=2',
      'BYMONTHDAY=29,30,31,-31',
      'BYDAY=MO,TU,WE,TH,FR,SA,SU',
      'BYDAY=53MO',
      'BYYEARDAY=366',
      `BYYEARDAY=${Array.from({ length: 31 }, (_, day) => day * 11 + 1).join(',')}`,
      'BYWEEKNO=53',
      'BYSETPOS=366',
      'COUNT=366',
      'WKST=SU',
    );
    const rule = fc.tuple(
      fc.constantFrom('DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'),
      fc.uniqueArray(part),
    );
    fc.assert(
      fc.property(rule, ([frequency, parts]) => {
        const text = [`FREQ=${frequency}`, ...parts].join(';');
        const began = performance.now();
        try {
          const asked = { ...of('FREQ=DAILY'), rule: text, endsAt: null };
          if (extentOf(asked)) windowAt(asked, at('2060-06-01T00:00Z'));
        } catch {
          // Refused, by the parser or by the bounds: quickly, too.
        }
        expect(performance.now() - began).toBeLessThan(3_000);
      }),
      { numRuns: 120 },
    );
  });
});

it('a duration is of weeks, days, hours and minutes', () => {
  expect(durationMs('P1W2DT3H30M')).toBe(((9 * 24 + 3) * 60 + 30) * 60_000);
  expect(durationMs('PT90M')).toBe(5_400_000);
  for (const bad of ['P', 'PT', 'P1M', 'P1Y', 'PT1S', '1D', 'P-1D', 'P1DT', 'PT1.5H', 'p1d', '']) {
    expect([bad, durationMs(bad) || null]).toEqual([bad, null]);
  }
});

it('a zone is one of the IANA’s', () => {
  expect(['Europe/Berlin', 'UTC', 'Etc/GMT+5'].map(isTimeZone)).toEqual([true, true, true]);
  expect(['+02:00', 'Mars/Olympus', '', 'Europe/Berlin ', 'a'.repeat(99)].map(isTimeZone)).toEqual(
    Array.from({ length: 5 }, () => false),
  );
});
