import { reminderTimes, type ReminderRules } from './reminder-times.js';

const rules: ReminderRules = { atHalf: true, lastMinutes: 60, escalationMinutes: 30 };
const asked = new Date('2026-11-30T09:00:00Z');
const after = (hours: number) => new Date(asked.getTime() + hours * 3_600_000);
const times = (hours: number, change: Partial<ReminderRules> = {}) =>
  reminderTimes(asked, after(hours), { ...rules, ...change }).map(({ kind, dueAt }) => [
    kind,
    (dueAt.getTime() - asked.getTime()) / 3_600_000,
  ]);

describe('when people are reminded of an approval', () => {
  it('is at half of its time, an hour and half an hour before its end, and when it is overdue', () => {
    expect(times(24)).toEqual([
      ['half', 12],
      ['last', 23],
      ['escalation', 23.5],
      ['overdue', 24 + 1 / 6],
    ]);
  });

  it('is never before it is asked for, nor at once', () => {
    expect(times(1).map(([kind]) => kind)).toEqual(['half', 'escalation', 'overdue']);
    expect(times(0.1).map(([kind]) => kind)).toEqual(['overdue']);
  });

  it('is once where two would come together', () => {
    expect(times(2).map(([kind]) => kind)).toEqual(['last', 'escalation', 'overdue']);
  });

  it('is as the settings say', () => {
    const none = { atHalf: false, lastMinutes: 0, escalationMinutes: 0 };
    expect(times(24, none).map(([kind]) => kind)).toEqual(['overdue']);
  });
});
