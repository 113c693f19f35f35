/** How texts that people have chosen stand in a message: as text, whatever is in them. */
import { printable } from '../../../kernel/text.js';

/** Longer than any name; a reason that is longer is cut, and read where the link leads. */
const CHARACTERS = 300;

/** One line. A dot or colon in it must not become a link in somebody's mail program. */
export function oneLineOf(value: string): string {
  const line = printable(value).replace(/\s+/g, ' ').trim();
  const cut = line.length > CHARACTERS ? `${line.slice(0, CHARACTERS).trimEnd()}…` : line;
  return cut.replace(/(:)(\/\/)/g, '$1\u2060$2').replace(/(\w)\.(?=\p{L})/gu, '$1.\u2060');
}

export function escapedHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `30 November 2026, 03:15 UTC`. */
export function timeText(at: Date): string {
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(at);
  return `${day}, ${at.toISOString().slice(11, 16)} UTC`;
}

/** `45 minutes`, `3 hours`, `2 days`: for what lies in between, the lower. */
export function durationText(ms: number): string {
  const minutes = Math.max(1, Math.floor(ms / 60_000));
  if (minutes < 120) return plural(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? plural(hours, 'hour') : plural(Math.floor(hours / 24), 'day');
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
