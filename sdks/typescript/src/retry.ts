import { setTimeout as delay } from 'node:timers/promises';
import { TidegateError, UnreachableError } from './tidegate-error.js';

/** An honest outage is longer than a few seconds; then a person should hear of it. */
const ATTEMPTS = 4;
/** A server that asks for more patience than this is told to the caller instead. */
const LONGEST_WAIT_MS = 30_000;

export interface RetryOptions {
  /** False: the call may have had its effect, so a second one would not be the same. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An error together with how long the server asked to wait. */
export class AnswerError extends Error {
  constructor(
    readonly error: TidegateError,
    readonly retryAfterMs: number | null,
  ) {
    super(error.message);
  }
}

/** Repeats what may be repeated after 429, 503 and lost connections; throws the last error plainly. */
export async function withRetries<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      const waitMs = options.isRepeatable ? waitBefore(error, number) : null;
      const plain = error instanceof AnswerError ? error.error : error;
      if (waitMs === null || number >= ATTEMPTS) throw plain;
      await delay(waitMs, undefined, { signal: options.signal });
    }
  }
}

/** Null: trying again would not help. */
export function waitBefore(error: unknown, attempt: number): number | null {
  const growingMs = 200 * 2 ** (attempt - 1);
  if (error instanceof UnreachableError) return growingMs;
  if (!(error instanceof AnswerError)) return null;
  if (error.error.status !== 429 && error.error.status !== 503) return null;
  const waitMs = error.retryAfterMs ?? growingMs;
  return waitMs <= LONGEST_WAIT_MS ? waitMs : null;
}

/** `Retry-After` in seconds or as a date. */
export function retryAfterMs(value: string | null | undefined, now = Date.now()): number | null {
  if (!value) return null;
  if (/^\d{1,6}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
