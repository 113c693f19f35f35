/**
 * Reads the lines of an exported log, and takes nothing for granted: whoever has the file may have changed
 * it. What is in them is another question, which `verify-export` answers.
 */
import type { Personal } from './audit-leaf.js';
import {
  EXPORT_FORMAT,
  EXPORT_LINE_CHARACTERS,
  type ExportEntry,
  type ExportHead,
  type ExportLine,
} from './export-lines.js';
import { HASH_BYTES, TreeEdge } from './tree.js';

export class ExportLineError extends Error {
  constructor(
    readonly lineNumber: number,
    what: string,
  ) {
    super(`line ${lineNumber}: ${what}`);
  }
}

/** One for each file: what a line may be depends on those before it. */
export class ExportReader {
  private lines = 0;
  private head: ExportHead | undefined;
  private isOver = false;

  /** How many there were. */
  get lineNumber(): number {
    return this.lines;
  }

  /** The last line was there; false: what was read was cut off. */
  get isComplete(): boolean {
    return this.isOver;
  }

  /** A line without its end. Throws ExportLineError. */
  read(text: string): ExportLine {
    this.lines += 1;
    try {
      const line = this.lineIn(text);
      if (line.kind === 'head') this.head = line;
      if (line.kind === 'end') this.isOver = true;
      return line;
    } catch (error) {
      throw new ExportLineError(this.lines, (error as Error).message);
    }
  }

  private lineIn(text: string): ExportLine {
    if (this.isOver) refuse('something after the last line');
    if (text.length > EXPORT_LINE_CHARACTERS) refuse('longer than a line can be');
    const fields = objectIn(parsed(text), 'it');
    if (!this.head) return headIn(fields);
    if ('sequence' in fields) return entryIn(fields, this.head);
    if ('end' in fields) return endIn(fields, this.head);
    if ('format' in fields) refuse('a second beginning: each file has one');
    only(fields, ['checkpoint'], 'an entry, a checkpoint or the end');
    if (this.head.filter !== null) refuse('a checkpoint among chosen entries');
    return { kind: 'checkpoint', checkpoint: textIn(fields, 'checkpoint') };
  }
}

type Fields = Readonly<Record<string, unknown>>;

function headIn(fields: Fields): ExportHead {
  if (fields['format'] !== EXPORT_FORMAT) {
    refuse(`not an exported audit log: the first line must say "format":"${EXPORT_FORMAT}"`);
  }
  const names = ['format', 'origin', 'from', 'edge', 'size', 'checkpoint', 'filter'];
  only(fields, names, 'the first line of an export');
  const [from, size] = [countIn(fields, 'from'), countIn(fields, 'size')];
  if (from > size) refuse('"from" is larger than "size"');
  const edge = hashesIn(fields, 'edge');
  const filter = 'filter' in fields ? filterIn(fields['filter']) : null;
  if (filter === null) TreeEdge.parse(from, Buffer.concat(edge));
  else if (edge.length > 0) refuse('an "edge", though entries were chosen');
  const [origin, checkpoint] = [textIn(fields, 'origin'), textIn(fields, 'checkpoint')];
  return { kind: 'head', origin, from, edge, size, checkpoint, filter };
}

function entryIn(fields: Fields, { filter }: ExportHead): ExportEntry {
  only(fields, ['sequence', 'leaf', 'hash', 'personal', 'proof'], 'an entry');
  const hash = 'hash' in fields ? hashIn(fields['hash'], 'hash') : null;
  const leaf = fields['leaf'] === null ? null : textIn(fields, 'leaf');
  // Texts that are none in UTF-8 would be hashed alike.
  if (leaf?.isWellFormed() === false) refuse('"leaf" has half a character');
  if (leaf !== null) objectIn(parsed(leaf), '"leaf"');
  else if (hash === null) refuse('an entry that is gone, without its "hash"');
  const isChosen = filter !== null;
  if (isChosen !== 'proof' in fields) {
    refuse(
      isChosen ? 'a chosen entry without its "proof"' : 'a "proof", though nothing was chosen',
    );
  }
  return {
    kind: 'entry',
    sequence: countIn(fields, 'sequence'),
    leaf,
    hash,
    personal: personalIn(fields['personal']),
    proof: isChosen ? hashesIn(fields, 'proof') : null,
  };
}

function endIn(fields: Fields, { from, size }: ExportHead): ExportLine {
  only(fields, ['end', 'next'], 'the last line');
  const end = countIn(fields, 'end');
  const next = fields['next'] === null ? null : countIn(fields, 'next');
  if (end < from || end > size || (next === null) !== (end === size)) {
    refuse('an end that is not that of this export');
  }
  return { kind: 'end', end, next };
}

function personalIn(given: unknown): ExportEntry['personal'] {
  const personal = objectIn(given, '"personal"');
  for (const [pointer, each] of Object.entries(personal)) {
    const fields = objectIn(each, `"personal" of ${pointer}`);
    only(fields, ['value', 'salt'], `"personal" of ${pointer}`);
    if (
      !pointer.startsWith('/') ||
      !('value' in fields) ||
      !/^[0-9a-f]{32}$/.test(textIn(fields, 'salt'))
    ) {
      refuse(`"personal" of ${pointer} must have a value and a salt of 32 hex digits`);
    }
  }
  return personal as Readonly<Record<string, Personal>>;
}

function filterIn(given: unknown): Readonly<Record<string, string>> {
  const filter = objectIn(given, '"filter"');
  for (const name of Object.keys(filter)) textIn(filter, name);
  return filter as Readonly<Record<string, string>>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('not JSON');
  }
}

function objectIn(given: unknown, what: string): Fields {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  return isObject ? (given as Fields) : refuse(`${what} must be an object`);
}

function textIn(fields: Fields, name: string): string {
  const text = fields[name];
  return typeof text === 'string' ? text : refuse(`"${name}" must be a text`);
}

function countIn(fields: Fields, name: string): number {
  const count = fields[name];
  const isCount = Number.isSafeInteger(count) && (count as number) >= 0;
  return isCount ? (count as number) : refuse(`"${name}" must be a whole number from 0`);
}

/** A tree has no more levels than a number has bits. */
const HASHES = 64;

function hashesIn(fields: Fields, name: string): Buffer[] {
  const hashes = fields[name];
  const isList = Array.isArray(hashes) && hashes.length <= HASHES;
  return isList
    ? hashes.map((hash) => hashIn(hash, name))
    : refuse(`"${name}" must be a list of at most ${HASHES} hashes`);
}

function hashIn(given: unknown, name: string): Buffer {
  const hash = Buffer.from(typeof given === 'string' ? given : '', 'base64');
  const isHash = hash.length === HASH_BYTES && hash.toString('base64') === given;
  return isHash ? hash : refuse(`"${name}" must be SHA-256 in base64`);
}

function only(fields: Fields, names: readonly string[], what: string): void {
  const stranger = Object.keys(fields).find((name) => !names.includes(name));
  if (stranger !== undefined) refuse(`"${stranger}" does not belong into ${what}`);
}

function refuse(what: string): never {
  throw new Error(what);
}
