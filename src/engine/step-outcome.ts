import { DomainError, messageOf, TerminalError } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import type { Cause } from './journal.js';
import type { StepOutcome } from './step-handler.js';

/** What came of one run of a step: what its handler said, or that it threw. */
export type Outcome =
  | StepOutcome
  | {
      readonly outcome: 'failed';
      readonly terminal: boolean;
      readonly code: string;
      readonly message: string;
      readonly cause?: Cause;
    };

const MESSAGE_CHARACTERS = limits.journalDataBytes / 8;

/** Rethrows what is not the step's own failure. */
export function failureOutcome(error: unknown): Outcome {
  if (isOurs(error)) throw error;
  const terminal = error instanceof TerminalError;
  const code = (error as { code?: unknown }).code;
  return {
    outcome: 'failed',
    terminal,
    code: typeof code === 'string' && (terminal || /^[a-z-]+$/.test(code)) ? code : 'step-error',
    message: storable(messageOf(error)).slice(0, MESSAGE_CHARACTERS).toWellFormed(),
  };
}

/** The journal cannot hold U+0000, and a failure that cannot be written down is tried for ever. */
export function storable(message: string): string {
  return message.replaceAll('\u0000', '\ufffd');
}

/** Asked again so soon; the step's deadline says for how long. */
export const AWAY_AGAIN_MS = 5_000;

/**
 * Something outside does not answer (a store of artifacts): nobody's mistake, and no attempt of the
 * step. It waits, for as long as the step may take. Undefined: it is something else.
 */
export function awayOutcome(error: unknown, now: number): StepOutcome | undefined {
  if (!(error instanceof DomainError) || error.kind !== 'unavailable') return undefined;
  const detail = `${storable(messageOf(error)).slice(0, 500)} It is asked again.`;
  const waitingOn = { kind: 'retry', who: 'the engine', verb: null, detail };
  return { outcome: 'wait', until: now + AWAY_AGAIN_MS, waitingOn };
}

/**
 * Of a step whose time is over, only waiting on is a failure; a watch that begins anew has time, and what is
 * held gets its last look when it is let go.
 */
export function lastWord(overdue: string | undefined, outcome: Outcome): Outcome {
  if (overdue === undefined || outcome.outcome !== 'wait') return outcome;
  if (outcome.restarts || outcome.isHeld) return outcome;
  const message = `${overdue}: ${storable(outcome.waitingOn.detail)}`;
  return {
    outcome: 'failed',
    terminal: true,
    code: 'deadline-passed',
    message: message.slice(0, MESSAGE_CHARACTERS).toWellFormed(),
    ...(outcome.cause ? { cause: outcome.cause } : {}),
  };
}

/** Not the step's failure: the lease is gone, or the database is, or an assumption of ours broke. */
export function isOurs(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'Fenced' || error.name === 'AssertionFailure') return true;
  return (error as { kind?: unknown }).kind === 'unavailable';
}
