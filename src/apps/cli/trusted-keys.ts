import { readFile } from 'node:fs/promises';
import { type NoteVerifier, parseVerifierKey } from '../../kernel/tlog/note.js';
import { CliError, exitCodes } from './exit-codes.js';

const CHARACTERS = 64 * 1024;

/**
 * The file of `--trust`: a verifier key on each line (`tidegate audit key` prints one), `#` before what is
 * said about it. Throws CliError that names the line.
 */
export async function readTrustedKeys(path: string): Promise<NoteVerifier[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`The trusted keys cannot be read: ${(error as Error).message}`);
  });
  return trustedKeysIn(text, path);
}

export function trustedKeysIn(text: string, path: string): NoteVerifier[] {
  if (text.length > CHARACTERS) throw new CliError(`${path} is too long for a list of keys.`);
  const keys = text.split(/\r?\n/).flatMap((line, at) => {
    const words = line.replace(/(^|\s)#.*$/, '').trim();
    if (words === '') return [];
    try {
      return [parseVerifierKey(words)];
    } catch (error) {
      throw new CliError(`${path}, line ${at + 1}: ${(error as Error).message}.`);
    }
  });
  if (keys.length === 0) {
    throw new CliError(
      `${path} has no key: write down what "tidegate audit key" printed when you trusted the server.`,
    );
  }
  return keys;
}

/** What comes with its own key, or with none, proves nothing. */
export function unverified(what: string): CliError {
  return new CliError(
    `Unverified: nothing says that ${what} is of the log that you mean. Give the key that you have kept: --trust FILE.`,
    exitCodes.rejected,
  );
}
