/** The dates of a request, judged by the clock that will keep them. */
import { changeLimits } from '../../kernel/change-limits.js';
import type { OpenContext } from '../../platform/context.js';
import { validationFailed } from '../../platform/http/http.errors.js';
import { presentTime } from './schedule.queries.js';
import type { StartTerms } from './start-terms.js';

export interface AskedTimes {
  readonly startAt?: string | undefined;
  readonly expiresAt?: string | undefined;
}

type Times = Pick<StartTerms, 'startAt' | 'expiresAt'>;

/** Throws `validation-failed`. */
export async function askedTimes(open: OpenContext, asked: AskedTimes): Promise<Times> {
  const times = { startAt: momentOf(asked.startAt), expiresAt: momentOf(asked.expiresAt) };
  if (times.startAt === null && times.expiresAt === null) return times;
  const fields = problemsOf(times, await presentTime(open));
  if (Object.keys(fields).length === 0) return times;
  const said = Object.entries(fields).map(([field, problem]) => `${field} ${problem}`);
  throw validationFailed(`The times are not possible: ${said.join('; ')}.`, {
    details: { fields },
  });
}

const momentOf = (text: string | undefined) => (text === undefined ? null : Date.parse(text));

function problemsOf({ startAt, expiresAt }: Times, now: number): Record<string, string> {
  const latest = now + changeLimits.startAheadMs;
  const far = `must be within ${changeLimits.startAheadMs / 86_400_000} days`;
  const problems: Record<string, string> = {};
  if (startAt !== null && startAt <= now) problems.startAt = `must be after now, ${isoOf(now)}`;
  else if (startAt !== null && startAt > latest) problems.startAt = far;
  if (expiresAt === null) return problems;
  if (expiresAt <= now) problems.expiresAt = `must be after now, ${isoOf(now)}`;
  else if (expiresAt > latest) problems.expiresAt = far;
  else if (startAt !== null && expiresAt <= startAt) problems.expiresAt = 'must be after startAt';
  return problems;
}

const isoOf = (ms: number) => new Date(ms).toISOString();
