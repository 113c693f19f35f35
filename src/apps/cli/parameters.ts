import { CliError } from './exit-codes.js';

/**
 * `--set name=value`: numbers and true/false become what they look like, commas make lists
 * (`10,50,100`; a list of one ends with a comma), and JSON in [ ], { } or " " is taken as it is.
 */
export function readParameters(given: readonly string[], option: string): Record<string, unknown> {
  return Object.fromEntries(
    given.map((entry) => {
      const [name, value] = readPair(entry, option);
      return [name, readValue(value, `${option} ${name}`)];
    }),
  );
}

/** `--metadata name=value`: always text. */
export function readTexts(given: readonly string[], option: string): Record<string, string> {
  return Object.fromEntries(given.map((entry) => readPair(entry, option)));
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function readPair(entry: string, option: string): [string, string] {
  const at = entry.indexOf('=');
  if (at > 0) return [entry.slice(0, at), entry.slice(at + 1)];
  throw new CliError(`${option} takes name=value, and "${entry}" is not that.`);
}

function readValue(text: string, where: string): unknown {
  if (/^[[{"]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      throw new CliError(`${where} looks like JSON but is not valid: "${text}".`);
    }
  }
  if (text.includes(',')) {
    const parts = text.replace(/,$/, '').split(',');
    return parts.map(readScalar);
  }
  return readScalar(text);
}

function readScalar(text: string): string | number | boolean {
  if (/^-?\d{1,15}(\.\d{1,6})?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text;
}
