import { readFile } from 'node:fs/promises';
import { UnreachableError } from '#sdk';
import { CliError } from '../exit-codes.js';
import type { JobEnvironment } from './cli-environment.js';

/** Where a job's own token comes from. */
export interface Runner {
  /** Whether each call gives a new one; else it is the same until somebody puts another there. */
  readonly isFresh: boolean;
  token(): Promise<string>;
}

const ANSWER_MS = 30_000;
const TOKEN_CHARACTERS = 16_384;

/** Null: no runner offers a token. */
export function runnerOf(job: JobEnvironment): Runner | null {
  const { github, idToken, idTokenFile } = job;
  if (idToken !== undefined) return { isFresh: false, token: () => Promise.resolve(idToken) };
  if (idTokenFile !== undefined) return { isFresh: false, token: () => readToken(idTokenFile) };
  if (!github) return null;
  const audience = job.audience ?? `tidegate:${job.tenant ?? 'default'}:github`;
  return { isFresh: true, token: () => askGithub(github, audience) };
}

async function readToken(file: string): Promise<string> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    if (text !== '' && text.length <= TOKEN_CHARACTERS) return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(`TIDEGATE_ID_TOKEN_FILE names ${file}, which cannot be read (${code}).`);
  }
  throw new CliError(`TIDEGATE_ID_TOKEN_FILE names ${file}, which holds no token.`);
}

/** As often as needed, for as long as the job runs. What it answers is never shown: it is the token. */
async function askGithub(
  { url, secret }: NonNullable<JobEnvironment['github']>,
  audience: string,
): Promise<string> {
  const address = new URL(url);
  address.searchParams.set('audience', audience);
  let response: Response;
  try {
    response = await fetch(address, {
      headers: { authorization: `Bearer ${secret}`, accept: 'application/json' },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    throw new UnreachableError(address.origin, error);
  }
  const body = (await response.json().catch(() => null)) as { value?: unknown } | null;
  if (response.ok && typeof body?.value === 'string') return body.value;
  // It happens, and passes: whoever follows a deployment waits.
  if (response.status >= 500) throw new UnreachableError(address.origin, `HTTP ${response.status}`);
  throw new CliError(
    `GitHub gave no token for the audience "${audience}" (HTTP ${response.status}). The job needs "permissions: id-token: write".`,
  );
}
