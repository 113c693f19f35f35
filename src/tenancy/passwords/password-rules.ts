/** What a password must not be. No rules of composition: length and a list of known ones do more. */
export const PASSWORD_LEAST_CHARACTERS = 12;
/** Longer than any passphrase; a limit at all, since hashing cost grows with what is hashed. */
export const PASSWORD_CHARACTERS = 1024;

const PRODUCT = 'tidegate';
/** `abcabcabcabc` is as short as what it repeats. */
const REPEATED_CHARACTERS = 4;

export type PasswordFault = 'too-short' | 'too-long' | 'common' | 'own-name' | 'repeated';

export interface PasswordJudge {
  /** In lower case. */
  readonly common: ReadonlySet<string>;
  /** The person's own: username, address. */
  readonly names: readonly (string | null)[];
}

/** Null: nothing is wrong with it. */
export function passwordFault(password: string, judge: PasswordJudge): PasswordFault | null {
  const folded = foldedPassword(password);
  const { length } = [...folded];
  if (length < PASSWORD_LEAST_CHARACTERS) return 'too-short';
  if (password.length > PASSWORD_CHARACTERS) return 'too-long';
  if (judge.common.has(folded)) return 'common';
  if (isRepeated(folded)) return 'repeated';
  const core = coreOf(folded);
  const names = [...judge.names, PRODUCT].flatMap((name) => (name ? partsOf(name) : []));
  return names.some((name) => isMadeOf(core, name) || isMadeOf(folded, name)) ? 'own-name' : null;
}

/** As it is hashed, but for capitals: whoever guesses tries those, too. */
export function foldedPassword(password: string): string {
  return password.normalize('NFKC').toLowerCase();
}

/** Without the year and the exclamation mark that make a name look like a password. */
function coreOf(folded: string): string {
  return folded.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
}

/** An address is also guessed without its domain. */
function partsOf(name: string): string[] {
  const folded = foldedPassword(name);
  return [folded, coreOf(folded), folded.split('@')[0]!].filter((part) => part.length >= 3);
}

function isMadeOf(text: string, part: string): boolean {
  return (
    text.length > 0 &&
    text.length % part.length === 0 &&
    text === part.repeat(text.length / part.length)
  );
}

function isRepeated(folded: string): boolean {
  for (let size = 1; size <= REPEATED_CHARACTERS; size += 1) {
    const start = folded.slice(0, size);
    if (start.repeat(Math.ceil(folded.length / size)).startsWith(folded)) return true;
  }
  return false;
}
