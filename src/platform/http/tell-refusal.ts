import { messageOf } from '../../kernel/errors.js';
import type { Logger } from '../logging/logger.js';

/** What the line says of one refusal. */
export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly [field: string]: unknown;
}

/**
 * The one place that decides how loud a refusal is. What is expected (a caller's mistake, a budget,
 * somebody else's lease, a database that is away) is a line a second for each code, without a stack:
 * strangers can cause it as often as they like. Only a mistake of ours has a stack, and each place in
 * the code its own line a second.
 */
export function tellRefusal(
  logger: Logger,
  what: 'request' | 'socket message',
  refused: Refused,
  error: unknown,
): void {
  const { status, code } = refused;
  if (status === 500) {
    const message = `a ${what} failed because of a bug`;
    logger.folded('error', `${what} ${placeOf(error)}`, { ...refused, error }, message);
  } else if (status === 503) {
    const reason = messageOf((error as { cause?: unknown } | null)?.cause ?? error);
    logger.folded(
      'warn',
      `${what} ${code}`,
      { ...refused, reason },
      `a ${what} could not be served`,
    );
  } else logger.folded('info', `${what} ${code}`, refused, `a ${what} was refused`);
}

/** Messages may differ with every call; the line that threw does not. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const place = error.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? error.message;
  return `${error.name} ${place.trim().slice(0, 300)}`;
}
