import type { components } from '#sdk';
import { cellWidth, splitAt } from './cell-width.js';
import { printable } from './printable.js';
import { toned, type Style } from './style.js';

type Diff = components['schemas']['ApprovalDiff'];

/**
 * What comes, goes and changes, as wide as the terminal. Nothing is cut off: what somebody signs must not differ
 * behind the edge of their screen.
 */
export function diffLines({ changes, more }: Diff, style: Style, none = '  the same'): string[] {
  if (changes.length === 0) return none === '' ? [] : [none];
  const lines = changes.flatMap(({ path, change, before, after, isCut }) => {
    const name = `${nameOf(path)}${isCut ? ' (cut)' : ''}`;
    if (change === 'added') return signed('+', `${name}  ${valueText(after)}`, style);
    if (change === 'removed') return signed('-', `${name}  ${valueText(before)}`, style);
    const [from, to] = [valueText(before), valueText(after)];
    const short = `${name}  ${from} -> ${to}`;
    if (cellWidth(short) + INDENT <= style.columns) return signed('~', short, style);
    return [
      ...signed('~', name, style),
      ...signed('-', `  ${from}`, style),
      ...signed('+', `  ${to}`, style),
    ];
  });
  if (more === 0) return lines;
  return [...lines, toned(`  ! ${more} more differ and are not shown`, 'bad', style)];
}

const INDENT = 4;
const TONES = { '+': 'good', '-': 'bad', '~': 'busy' } as const;

function signed(sign: keyof typeof TONES, text: string, style: Style): string[] {
  const lines: string[] = [];
  let rest = printable(text);
  do {
    const [line, left] = splitAt(rest, style.columns - INDENT);
    lines.push(line);
    rest = left;
  } while (rest !== '');
  return lines.map((line, at) => toned(`  ${at === 0 ? sign : ' '} ${line}`, TONES[sign], style));
}

/** `/run/args/0` as `run.args.0`: pointers are for programs. Names that have dots or slashes stay pointers. */
function nameOf(path: string): string {
  const names = path.slice(1).split('/');
  if (path === '' || names.some((name) => /[.~]/.test(name))) return path;
  return names.join('.');
}

// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Two texts that differ only in what nobody sees must not look alike. */
function valueText(value: Diff['changes'][number]['before']): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (value === '' || value.search(UNSEEN) >= 0) {
    const quoted = JSON.stringify(value);
    return quoted.replace(
      UNSEEN,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }
  return value;
}
