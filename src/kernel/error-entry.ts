import { DomainError, type ErrorDetails, type ErrorKind } from './errors.js';

/** A code that clients may see, as docs/errors.md and the OpenAPI document show it. */
export interface ErrorCode {
  /** Stable and kebab-case. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** One or two sentences: when it comes and what to do about it. */
  readonly meaning: string;
  /** Only for what HTTP itself refuses and no kind stands for (405, 415, …). */
  readonly status?: number;
}

/** What one occurrence says. */
interface Telling {
  readonly text?: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

interface Definition<Args extends readonly unknown[]> extends ErrorCode {
  /** The sentence for one occurrence, and more of it if there is more. Else: the meaning. */
  readonly tell?: (...args: Args) => string | Telling;
}

/** An error that can be thrown by its name: `throw queueFull(slot, 20)`. */
export interface ErrorEntry<Args extends readonly unknown[] = []> extends ErrorCode {
  (...args: Args): DomainError;
}

/**
 * One error of a `<noun>.errors.ts`: its code, kind and words stand there and nowhere else. Who
 * throws names the entry and hands over the facts; a route names the entries it can answer with.
 */
export function errorEntry<Args extends readonly unknown[] = []>({
  tell,
  ...declared
}: Definition<Args>): ErrorEntry<Args> {
  const { kind, code, meaning } = declared;
  return Object.assign((...args: Args) => {
    const told = tell?.(...args) ?? {};
    const { text = meaning, details, cause } = typeof told === 'string' ? { text: told } : told;
    return new DomainError(kind, code, text, { details, cause });
  }, declared);
}
