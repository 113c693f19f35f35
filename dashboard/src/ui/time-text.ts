const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of the past below zero, of what is to come above. */
export function relativeText(ms: number): string {
  const [size, isPast] = [Math.abs(ms), ms <= 0];
  if (size < 5_000) return 'now';
  const text = roughly(size);
  return isPast ? `${text} ago` : `in ${text}`;
}

function roughly(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / 1_000)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  const days = Math.floor(ms / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

/** `1:05:09`, `4:30`, `12 s`. */
export function lastingText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  const end = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${end}` : `${minutes}:${end}`;
}

export function exactTime(at: string | number, zone: 'local' | 'UTC'): string {
  const text = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
    ...(zone === 'UTC' ? { timeZone: 'UTC' } : {}),
  }).format(new Date(at));
  return zone === 'UTC' ? `${text} UTC` : text;
}
