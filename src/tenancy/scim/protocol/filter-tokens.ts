import { limits } from '../../../kernel/limits.js';
import { scimFilterInvalid } from './scim.errors.js';

export interface Token {
  readonly kind: 'word' | 'text' | 'sign';
  readonly text: string;
}

const SIGNS = '()[]';

/** One pass, each character looked at once. Throws `scim-filter-invalid`. */
export function tokensOf(text: string): Token[] {
  if (text.length > limits.scimFilterCharacters) {
    throw scimFilterInvalid(`The filter is longer than ${limits.scimFilterCharacters} characters.`);
  }
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (character === ' ') at += 1;
    else if (SIGNS.includes(character)) {
      tokens.push({ kind: 'sign', text: character });
      at += 1;
    } else if (character === '"') {
      const end = endOfText(text, at);
      tokens.push({ kind: 'text', text: unquoted(text.slice(at, end + 1)) });
      at = end + 1;
    } else {
      const end = endOfWord(text, at);
      tokens.push({ kind: 'word', text: text.slice(at, end) });
      at = end;
    }
  }
  return tokens;
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  throw scimFilterInvalid('A text of the filter has no end: its closing quote is missing.');
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== ' ' && text[at] !== '"' && !SIGNS.includes(text[at]!)) {
    at += 1;
  }
  return at;
}

/** As in JSON. */
function unquoted(literal: string): string {
  try {
    const value = JSON.parse(literal) as string;
    if (value.isWellFormed() && !value.includes('\u0000')) return value;
  } catch {
    // Falls through: what JSON does not take is no text here.
  }
  throw scimFilterInvalid('A text of the filter is not written as JSON would have it.');
}
