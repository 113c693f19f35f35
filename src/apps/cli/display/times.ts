import { CliError } from '../exit-codes.js';

/** `2026-03-01 11:00:12 +01:00`, or in UTC `2026-03-01 10:00:12Z`. */
export function timeText(time: string | Date, isUtc: boolean): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return '-';
  if (isUtc) return `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const minutes = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + minutes * 60_000).toISOString();
  const two = (value: number) => String(Math.trunc(value)).padStart(2, '0');
  const zone = `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  return `${local.slice(0, 19).replace('T', ' ')} ${zone}`;
}

/** The time of day alone, for lines that follow one another. */
export function clockText(time: string | Date, isUtc: boolean): string {
  return timeText(time, isUtc).slice(11, 19) + (isUtc ? 'Z' : '');
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** Longer waits are a forgotten terminal; and setTimeout cannot count them. */
const LONGEST_MS = 7 * 24 * 3_600_000;

/** `90s`, `30m`, `1h30m`. Throws CliError for anything else. */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smh])/g)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
  if (!isWhole || total <= 0 || total > LONGEST_MS) {
    throw new CliError(`"${text}" is not a duration: give one such as 90s, 30m or 1h30m.`);
  }
  return total;
}

/** Two units at most: `1 h 05 min`, `3 min 20 s`, `12 s`, `250 ms`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  if (minutes < 60) return `${minutes} min${seconds % 60 ? ` ${two(seconds % 60)} s` : ''}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h${minutes % 60 ? ` ${two(minutes % 60)} min` : ''}`;
  return `${Math.round(hours / 24)} days`;
}
