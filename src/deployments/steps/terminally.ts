import { DomainError, TerminalError, type ErrorKind } from '../../kernel/errors.js';

/** What asking again cannot change: the present state forbids it, or what is there is not acceptable. */
const FINAL_KINDS: readonly ErrorKind[] = ['conflict', 'unprocessable'];

/** Such an answer ends the step. */
export async function terminally<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || !FINAL_KINDS.includes(error.kind)) throw error;
    throw new TerminalError(error.code, error.message);
  }
}
