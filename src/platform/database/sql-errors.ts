/** What PostgreSQL's error codes (SQLSTATE, appendix A of its manual) mean to us. */
function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const own = (error as { code?: unknown }).code;
  if (typeof own === 'string') return own;
  return sqlState((error as { driverError?: unknown }).driverError);
}

/** Serialization failure or deadlock: the same transaction may well succeed now. */
export function isRetryable(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}

/**
 * A lock or a statement has taken longer than it may, or the server has ended a transaction that
 * stood still: others were in the way, or it is slow. Nothing was changed.
 */
export function isTimeout(error: unknown): boolean {
  const state = sqlState(error);
  return state === '55P03' || state === '57014' || state === '25P03';
}

/** No room on the server's disk, or none left of what it may fill there. */
export function isOutOfRoom(error: unknown): boolean {
  if (sqlState(error) === '53100') return true;
  return error instanceof Error && /Disk quota exceeded/.test(error.message);
}

/** Connection refused, reset, terminated by an administrator, or no answer in time. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  if (state && /^(08...|57P0[123]|ECONN.*|EPIPE|ENOENT|ETIMEDOUT)$/.test(state)) return true;
  const message = error instanceof Error ? error.message : '';
  return /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    message,
  );
}

/** The row that a new one names is not there any more: somebody was quicker. */
export function isMissingReference(error: unknown, constraint: string): boolean {
  if (sqlState(error) !== '23503') return false;
  const { driverError = error } = error as { driverError?: unknown };
  return (driverError as { constraint?: string }).constraint === constraint;
}
