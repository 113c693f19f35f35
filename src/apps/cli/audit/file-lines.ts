import { createReadStream } from 'node:fs';
import { EXPORT_LINE_CHARACTERS } from '../../../kernel/tlog/export-lines.js';
import { CliError } from '../exit-codes.js';

export interface TextLine {
  readonly text: string;
  /** Of the line with its end; of the last one without. */
  readonly bytes: number;
  /** False: it was cut off before its end. */
  readonly isWhole: boolean;
}

/** Characters have at most so many bytes. */
const BYTES = 4 * EXPORT_LINE_CHARACTERS;

/** Ends of lines are `\n` and nothing else: what JSON holds may be any other one. */
export async function* linesIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TextLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let begin = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
      const text = rest.toString('utf8', begin, end);
      yield { text, bytes: end + 1 - begin, isWhole: true };
      begin = end + 1;
    }
    rest = rest.subarray(begin);
    if (rest.length > BYTES) throw new CliError('A line is longer than an export can have.');
  }
  if (rest.length > 0) yield { text: rest.toString(), bytes: rest.length, isWhole: false };
}

export async function* linesOfFile(path: string): AsyncGenerator<TextLine> {
  try {
    yield* linesIn(createReadStream(path) as AsyncIterable<Buffer>);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`);
  }
}
