import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { globalAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { Agent, setGlobalDispatcher } from 'undici';
import { CliError } from '../exit-codes.js';

/**
 * Certificates that an authority of one's own has signed are good from now on, beside those that
 * everybody trusts. For all of this process: it speaks to one server. Throws CliError.
 */
export function trustAuthority(file: string): void {
  const ca = [...rootCertificates, read(file)];
  setGlobalDispatcher(new Agent({ connect: { ca } }));
  // What does not go by fetch: artifacts that are pushed.
  globalAgent.options.ca = ca;
}

function read(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    new X509Certificate(text);
    return text;
  } catch (error) {
    throw new CliError(`--ca (or TIDEGATE_CA) names ${file}: ${(error as Error).message}.`);
  }
}
