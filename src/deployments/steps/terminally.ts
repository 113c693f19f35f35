import { DomainError, TerminalError } from '../../kernel/errors.js';

/** What the present state forbids ends the step: asking again would only get the same answer. */
export async function terminally<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'conflict') throw error;
    throw new TerminalError(error.code, error.message);
  }
}
