import { limits } from '../../kernel/limits.js';
import { jsonMalformed, jsonUnacceptable } from './http.errors.js';

/** How deep and how wide a text may be; known before anything is made of it. */
export interface JsonShape {
  readonly depth: number;
  /** Members of objects and elements of arrays, all together. */
  readonly members: number;
}

const USUAL: JsonShape = { depth: limits.jsonDepth, members: limits.jsonMembers };

/**
 * JSON of which every reader makes the same: no key twice, no `__proto__`, no number that would be
 * rounded, no U+0000, no lone surrogate, no nesting or width without end. One pass over the text before
 * JSON.parse, which then judges the grammar. No message repeats what the client sent.
 */
export function parseStrictJson(bytes: Uint8Array, shape: JsonShape = USUAL): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw jsonMalformed('The body is not UTF-8.');
  }
  scan(text, shape);
  try {
    return JSON.parse(text);
  } catch {
    throw jsonMalformed('The body is not JSON.');
  }
}

const NUMBER = /-?[0-9][0-9eE+.-]*/y;
const INTEGER = /^-?\d+$/;
const NUMBER_CHARACTERS = 40;

function scan(text: string, shape: JsonShape): void {
  /** For each open bracket: the keys of the object so far, or null for an array. */
  const open: (Set<string> | null)[] = [];
  let members = 0;
  /** A bracket and a comma each begin one more. */
  const count = () => {
    members += 1;
    if (members <= shape.members) return;
    throw jsonUnacceptable(`The body has more than ${shape.members} members and elements.`);
  };
  let keyIsNext = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') {
      const end = endOfString(text, at);
      const value = readString(text.slice(at, end + 1));
      const keys = keyIsNext ? open.at(-1) : null;
      if (keys) addKey(keys, value);
      keyIsNext = false;
      at = end;
    } else if (character === '{' || character === '[') {
      if (open.length >= shape.depth) {
        throw jsonUnacceptable(`The body is nested deeper than ${shape.depth} levels.`);
      }
      count();
      open.push(character === '{' ? new Set() : null);
      keyIsNext = character === '{';
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ',') {
      keyIsNext = open.at(-1) instanceof Set;
      count();
    } else if (character === '-' || (character >= '0' && character <= '9')) {
      NUMBER.lastIndex = at;
      const number = NUMBER.exec(text)?.[0] ?? character;
      checkNumber(number);
      at += number.length - 1;
    }
  }
}

/** The place of the closing quote. */
function endOfString(text: string, start: number): number {
  for (let from = start + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw jsonMalformed('The body is not JSON.');
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    // An even number of them are pairs, each of which stands for itself.
    if (backslashes % 2 === 0) return quote;
    from = quote + 1;
  }
}

function readString(literal: string): string {
  // Without an escape a string is what it says; U+0000 and lone surrogates only come escaped.
  if (!literal.includes('\\')) return literal.slice(1, -1);
  let value: string;
  try {
    value = JSON.parse(literal) as string;
  } catch {
    throw jsonMalformed('The body is not JSON.');
  }
  if (value.includes('\u0000') || !value.isWellFormed()) {
    throw jsonUnacceptable('A text in the body has U+0000 or a lone surrogate in it.');
  }
  return value;
}

function addKey(keys: Set<string>, key: string): void {
  if (key === '__proto__') throw jsonUnacceptable('The body has a key "__proto__".');
  if (keys.has(key)) throw jsonUnacceptable('The body has an object with the same key twice.');
  keys.add(key);
}

function checkNumber(number: string): void {
  const value = Number(number);
  const isTooLong = number.length > NUMBER_CHARACTERS;
  if (isTooLong || Math.abs(value) === Infinity)
    throw jsonUnacceptable('The body has a huge number.');
  if (INTEGER.test(number) && !Number.isSafeInteger(value)) {
    throw jsonUnacceptable(
      'The body has a whole number that would be rounded: send it as a string.',
    );
  }
}
