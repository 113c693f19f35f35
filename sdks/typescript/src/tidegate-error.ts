import type { components } from './schema.js';

type Problem = components['schemas']['Problem'];

/**
 * What the API refused or could not do. Decide by `code`, show `message` to people, quote `id` when
 * you ask for help: the server's log has the request under it.
 */
export class TidegateError extends Error {
  override readonly name = 'TidegateError';
  readonly code: string;
  readonly status: number;
  readonly id: string | null;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(problem: Pick<Problem, 'code' | 'detail' | 'status'> & Partial<Problem>) {
    super(problem.detail);
    this.code = problem.code;
    this.status = problem.status;
    this.id = problem.id ?? null;
    this.details = problem.details ?? {};
  }
}

/** No answer came: a wrong address, a server that is down, a cut connection. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor(
    readonly url: string,
    cause: unknown,
  ) {
    super(`${url} does not answer (${reasonOf(cause)})`, { cause });
  }
}

/** Turns an answer that is no success into an error; also one that is not ours (a proxy's page). */
export async function errorOf(response: Response): Promise<TidegateError> {
  return errorFromText(response.status, await response.text().catch(() => ''));
}

export function errorFromText(status: number, text: string): TidegateError {
  const problem = readProblem(text);
  if (problem) return new TidegateError({ ...problem, status });
  return new TidegateError({
    code: 'unexpected-answer',
    status,
    detail: `The server answered ${status} without saying why: it may not be Tidegate, or a proxy answered for it.`,
  });
}

function readProblem(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isProblem(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { code, detail } = value as Record<string, unknown>;
  return typeof code === 'string' && typeof detail === 'string';
}

interface Failure {
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly code?: unknown;
  readonly message?: unknown;
}

/** The innermost cause says what happened; the outer ones say "fetch failed". */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { cause, errors, code, message } = error as Failure;
  const inner = cause ?? errors?.[0];
  if (inner !== undefined) return reasonOf(inner);
  return typeof code === 'string' ? code : String(message);
}
