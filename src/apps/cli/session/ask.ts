import { StringDecoder } from 'node:string_decoder';
import { CliError, exitCodes } from '../exit-codes.js';
import { withoutMark } from '../without-mark.js';
import type { Streams } from '../display/terminal.js';

const LONGEST_CHARACTERS = 1024;

/** Asks in a terminal. `isSecret`: nothing of what is typed is shown. */
export function ask(streams: Streams, question: string, isSecret: boolean): Promise<string> {
  const { stdin, stderr } = streams;
  const decoder = new StringDecoder('utf8');
  stderr.write(question);
  stdin.setRawMode?.(true);
  stdin.resume();
  return new Promise<string>((resolve, reject) => {
    let typed: string[] = [];
    const end = (finish: () => void) => {
      stdin.off('data', onData);
      stdin.setRawMode?.(false);
      stdin.pause();
      stderr.write('\n');
      finish();
    };
    const onCharacter = (character: string): boolean => {
      const code = character.codePointAt(0)!;
      if (character === '\r' || character === '\n') end(() => resolve(typed.join('')));
      else if (code === 3 || (code === 4 && typed.length === 0)) {
        end(() => reject(new CliError('Nothing was changed.', exitCodes.interrupted)));
      } else {
        edit(character, code);
        return false;
      }
      return true;
    };
    const edit = (character: string, code: number) => {
      if (code === 127 || code === 8) {
        if (typed.pop() !== undefined && !isSecret) stderr.write('\b \b');
      } else if (code === 21) {
        if (!isSecret) stderr.write('\b \b'.repeat(typed.length));
        typed = [];
      } else if (code >= 32 && typed.length < LONGEST_CHARACTERS) {
        typed.push(character);
        if (!isSecret) stderr.write(character);
      }
    };
    const onData = (chunk: Buffer | string) => {
      const text = typeof chunk === 'string' ? chunk : decoder.write(chunk);
      for (const character of text) if (onCharacter(character)) return;
    };
    stdin.on('data', onData);
  });
}

/** The whole of standard input, less the line's end that `echo` and editors leave. */
export async function readSecret({ stdin }: Streams): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > 4 * LONGEST_CHARACTERS) {
      throw new CliError('Standard input is longer than any password: was that the right file?');
    }
    chunks.push(piece);
  }
  const secret = withoutMark(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (secret === '') throw new CliError('Standard input was empty: it must hold the password.');
  return secret;
}
