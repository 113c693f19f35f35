import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { CliError } from '../exit-codes.js';
import { withoutMark } from '../without-mark.js';

/** The authority of that file, beside those that everybody trusts. Throws CliError. */
export function trustedWith(file: string): string[] {
  try {
    const text = withoutMark(readFileSync(file));
    new X509Certificate(text);
    return [...rootCertificates, text];
  } catch (error) {
    throw new CliError(`--ca (or TIDEGATE_CA) names ${file}: ${(error as Error).message}.`);
  }
}
