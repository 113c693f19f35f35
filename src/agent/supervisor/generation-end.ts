import { DomainError, messageOf } from '../../kernel/errors.js';
import { printable } from '../../kernel/text.js';
import type { Outcome, Reason } from '../journal/journal.js';

/** Thrown inside a convergence: this generation is over, and not well. */
export class GenerationEnd extends Error {
  constructor(
    readonly state: Exclude<Outcome['state'], 'healthy' | 'absent'>,
    readonly code: string,
    message: string,
    /** Whose output says more, when it is not the instance's: a hook's. */
    readonly output?: string,
  ) {
    super(message);
    this.name = 'GenerationEnd';
  }

  get reason(): Reason {
    return { code: this.code, message: printable(this.message).slice(0, 2000) };
  }
}

/** What was not acceptable is refused; what was and did not work has failed. */
export function endOf(error: unknown): GenerationEnd {
  if (error instanceof GenerationEnd) return error;
  if (error instanceof DomainError) {
    const state = error.kind === 'unprocessable' ? 'refused' : 'failed';
    return new GenerationEnd(state, error.code, error.message);
  }
  return new GenerationEnd('failed', 'internal', `The agent failed: ${messageOf(error)}`);
}
