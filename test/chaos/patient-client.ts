/**
 * A client as the documentation asks for: an Idempotency-Key of its own, a time limit for each try,
 * and the same request again until somebody answers.
 */
import { setTimeout as pause } from 'node:timers/promises';

const TRY_MS = 4_000;
const PAUSE_MS = 200;

export interface Posted {
  readonly status: number;
  // Tests look into answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly tries: number;
}

export interface PostOptions {
  readonly urls: readonly string[];
  readonly token: string;
  readonly path: string;
  readonly body: unknown;
  readonly key?: string;
  readonly patienceMs: number;
}

/** Null when nobody has answered in time: it may have happened or not. */
export async function postPatiently(options: PostOptions): Promise<Posted | null> {
  const { urls, token, path, body, key, patienceMs } = options;
  const deadline = performance.now() + patienceMs;
  for (let tries = 1; performance.now() < deadline; tries += 1) {
    const answer = await fetch(`${urls[tries % urls.length]}/api/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(key ? { 'idempotency-key': key } : {}),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TRY_MS),
    })
      .then(async (response) => ({ status: response.status, body: await response.json() }))
      .catch(() => null);
    if (answer && isFinal(answer.status, answer.body as { code?: string })) {
      return { ...answer, tries };
    }
    await pause(PAUSE_MS);
  }
  return null;
}

function isFinal(status: number, { code }: { code?: string }): boolean {
  if (code === 'quota-exceeded') return true;
  return status < 500 && status !== 429 && code !== 'idempotency-key-in-flight';
}
