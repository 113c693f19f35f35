import { isUtf8 } from 'node:buffer';
import { DomainError } from '../../../kernel/errors.js';
import { printable } from '../../../kernel/text.js';

/** A name longer than this is not read by anybody. */
const SHOWN_CHARACTERS = 200;

export function refusal(code: string, what: string): DomainError {
  return new DomainError('unprocessable', code, `The archive is refused: ${what}.`);
}

/** A name from an archive as it may stand in a message: nothing of it is hidden, nothing acts. */
export function shown(name: string | Buffer): string {
  if (typeof name === 'string') return printable(JSON.stringify(name.slice(0, SHOWN_CHARACTERS)));
  const bytes = name.subarray(0, SHOWN_CHARACTERS);
  if (isUtf8(bytes)) return shown(bytes.toString('utf8'));
  const text = Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, '0')}`,
  );
  return `"${text.join('')}"`;
}
