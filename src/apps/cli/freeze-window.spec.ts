import { CliError } from './exit-codes.js';
import { durationOf, momentOf, ruleOf, windowOf } from './freeze-window.js';

describe('--every', () => {
  it.each([
    ['day', 'FREQ=DAILY'],
    ['weekday', 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR'],
    ['Fri', 'FREQ=WEEKLY;BYDAY=FR'],
    ['monday, wed', 'FREQ=WEEKLY;BYDAY=MO,WE'],
    ['second tuesday', 'FREQ=MONTHLY;BYDAY=2TU'],
    ['last fri', 'FREQ=MONTHLY;BYDAY=-1FR'],
    ['FREQ=YEARLY;BYMONTH=12', 'FREQ=YEARLY;BYMONTH=12'],
  ])('%s', (said, rule) => {
    expect(ruleOf(said)).toBe(rule);
  });

  it.each(['', 'sometimes', 'fifth tue', 'monkey', 'second tue of may', 'fri,'])(
    'is not: %s',
    (said) => {
      expect(() => ruleOf(said)).toThrow(CliError);
    },
  );
});

it('--for is weeks, days, hours and minutes', () => {
  expect(['2d16h', '90m', '1w', '1w2d3h4m'].map(durationOf)).toEqual([
    'P2DT16H',
    'PT90M',
    'P1W',
    'P1W2DT3H4M',
  ]);
  for (const bad of ['', '2', '1s', '16h2d', '-1h'])
    expect(() => durationOf(bad)).toThrow(CliError);
});

it('a time has its offset: the server cannot know what is meant without', () => {
  expect(momentOf('2026-12-20T18:00+01:00', '--from')).toBe('2026-12-20T17:00:00.000Z');
  for (const bad of ['2026-12-20T18:00', '2026-12-20', 'tomorrow', '2026-13-20T18:00Z']) {
    expect(() => momentOf(bad, '--from')).toThrow('--from takes a time with its offset');
  }
});

it('a window is once, or again and again', () => {
  expect(windowOf({ from: '2026-12-20T18:00Z', to: '2026-12-21T18:00Z' }, '2026-12-01')).toEqual({
    kind: 'once',
    from: '2026-12-20T18:00:00.000Z',
    to: '2026-12-21T18:00:00.000Z',
  });
  expect(windowOf({ every: 'fri', at: '16:00', for: '2d16h', zone: 'UTC' }, '2026-12-01')).toEqual({
    kind: 'recurring',
    rule: 'FREQ=WEEKLY;BYDAY=FR',
    start: '2026-12-01T16:00',
    duration: 'P2DT16H',
    timeZone: 'UTC',
  });
  expect(() => windowOf({ every: 'fri', at: '16:00' }, '2026-12-01')).toThrow('--every needs');
  expect(() => windowOf({ from: '2026-12-20T18:00Z' }, '2026-12-01')).toThrow('Say when');
  expect(() => windowOf({ every: 'fri', from: '2026-12-20T18:00Z' }, '2026-12-01')).toThrow(
    'leave --from',
  );
});
