import { failureLogLimits } from '../../kernel/failure-log-limits.js';
import { printable } from '../../kernel/text.js';
import type { Mask } from '../supervisor/mask.js';

// eslint-disable-next-line no-control-regex -- what terminals obey is what is looked for.
const TERMINAL = /\u001b(?:\[[0-9;?]{0,40}[ -/]{0,5}[@-~]|\][^\u0007\u001b]{0,500}(?:\u0007|\u001b\\)|[@-Z\\^_])/g; // prettier-ignore
const TAB = '    ';

export interface LastLines {
  /** Oldest first. */
  readonly lines: readonly string[];
  readonly isCut: boolean;
}

/**
 * The last lines of an output, masked, harmless in a terminal, and within the limits. `isCut`: `bytes` do
 * not begin at the beginning; what is left of their first line is dropped, for half a secret is not
 * known as one.
 */
export function lastLines(bytes: Buffer, isCut: boolean, mask: Mask): LastLines {
  const { lines: most, lineCharacters, bytes: mostBytes } = failureLogLimits;
  const from = isCut ? bytes.indexOf(0x0a) + 1 : 0;
  const text = bytes.subarray(from).toString('utf8').replace(TERMINAL, '');
  const all = mask(text).split('\n').map(shown);
  while (all.at(-1) === '') all.pop();
  const lines: string[] = [];
  let size = 0;
  for (const line of all.reverse()) {
    const short = shortened(line, lineCharacters);
    size += Buffer.byteLength(short) + 1;
    if (lines.length === most || size > mostBytes) break;
    lines.unshift(short);
  }
  return { lines, isCut: isCut || lines.length < all.length };
}

/** What a terminal would show of a line that was written over again and again. */
function shown(line: string): string {
  const last = line.replace(/\r+$/, '').split('\r').at(-1)!;
  return printable(last.replaceAll('\t', TAB));
}

function shortened(line: string, most: number): string {
  return line.length <= most ? line : `${line.slice(0, most - 2).toWellFormed()} …`;
}
