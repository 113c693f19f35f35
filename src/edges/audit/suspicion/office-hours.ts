/** Whether people are at work, by the clock of where they are. */
interface OfficeHours {
  /** 1 is Monday. */
  readonly days: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** `to` before `from` is a night: the hours after midnight count to the day on which they stand. */
export function isWithin({ days, from, to, timeZone }: OfficeHours, at: number): boolean {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)!.value;
  if (!days.includes(DAYS.indexOf(of('weekday')) + 1)) return false;
  const hour = Number(of('hour'));
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}
