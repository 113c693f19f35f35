/**
 * What a run does next. Pure: the same plan, journal, verbs and `now` give the same action in any
 * process. The only place that knows retry, deadline, pause, cancel and when to go back.
 */
import { limits } from '../kernel/limits.js';
import { stepKey, type Cause, type FoldedJournal, type StepRecord } from './journal.js';
import { isMove, type Plan, type Step } from './plan.js';
import { spentMs } from './step-time.js';
import {
  isOver,
  operatorOf,
  type LoadedRun,
  type AskedVerb,
  type RunStatus,
  type UndoEnding,
  type WaitingOn,
} from './run.js';

export type Action =
  | { readonly do: 'apply'; readonly verb: AskedVerb }
  /** `overdue`: its time is over, and why that is a failure unless this last look finds it done. */
  | {
      readonly do: 'run';
      readonly step: Step;
      readonly attempt: number;
      readonly overdue?: string;
    }
  | {
      readonly do: 'undo';
      readonly ending: UndoEnding;
      readonly reason: string;
      /** Absent: not the release's own. */
      readonly cause?: Cause;
    }
  | { readonly do: 'wait'; readonly until: number; readonly waitingOn: WaitingOn }
  /** It is over, and somebody has woken it all the same. */
  | { readonly do: 'rest' }
  | {
      readonly do: 'finish';
      readonly status: RunStatus;
      readonly reason: string | null;
      /** Whose decision it is; absent: the engine's. */
      readonly by?: string;
    };

const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

export function decide(run: LoadedRun): Action {
  const { verbs, status } = run;
  if (isOver(status)) return { do: 'rest' };
  const [verb] = verbs;
  if (verb) return { do: 'apply', verb };
  const full = decideFull(run);
  if (full) return full;
  if (status === 'Paused') return decidePaused(run);
  return status === 'RollingBack' ? decideUndo(run) : decideForward(run);
}

/** A journal without room for the way back would keep a run for ever where it stands. */
function decideFull({ status, forward, journal }: LoadedRun): Action | null {
  const room = limits.journalEntries - journal.lastSeq;
  const reason = `the journal is full: ${journal.lastSeq} of ${limits.journalEntries} entries are written`;
  if (status === 'RollingBack') {
    return room > limits.journalLastWords
      ? null
      : { do: 'finish', status: 'RollbackFailed', reason };
  }
  if (room > limits.journalReserve) return null;
  return hasMoved(forward, journal)
    ? { do: 'undo', ending: 'RolledBack', reason }
    : { do: 'finish', status: 'Failed', reason };
}

function decidePaused({ key, journal, now, reason }: LoadedRun): Action {
  const since = journal.pausedSince ?? now;
  const until = since + limits.pauseMs;
  if (now >= until) {
    const reason = 'paused for longer than 24 hours';
    return { do: 'undo', ending: 'Cancelled', reason };
  }
  return {
    do: 'wait',
    until,
    waitingOn: {
      kind: reason ? 'attention' : 'paused',
      since,
      until,
      who: operatorOf(key),
      verb: 'resume',
      detail: reason ?? 'paused; resume it or cancel it',
    },
  };
}

function decideForward(run: LoadedRun): Action {
  const { forward, journal } = run;
  const current = currentStep(forward, journal.planNumber, journal);
  if (!current) return { do: 'finish', status: 'Succeeded', reason: null };
  const failure = failureOf(current.step, current.record, run);
  if (failure === null) return runOrWait(current.step, current.record, run);
  if (!hasMoved(forward, journal)) return endUnmoved(current.record, failure);
  const { cause } = current.record ?? {};
  return { do: 'undo', ending: 'RolledBack', reason: failure, ...(cause ? { cause } : {}) };
}

function endUnmoved(record: StepRecord | undefined, reason: string): Action {
  const { rejectedBy } = record ?? {};
  if (rejectedBy === undefined) return { do: 'finish', status: 'Failed', reason };
  return { do: 'finish', status: 'Rejected', reason, by: rejectedBy };
}

function decideUndo(run: LoadedRun): Action {
  const { undo, journal, ending } = run;
  const status = ending ?? 'RolledBack';
  if (!undo || journal.undoPlanNumber === null) {
    return { do: 'finish', status, reason: run.reason };
  }
  const current = currentStep(undo, journal.undoPlanNumber, journal);
  if (!current) return { do: 'finish', status, reason: withRemarks(run) };
  const failure = failureOf(current.step, current.record, run);
  if (failure !== null) return { do: 'finish', status: 'RollbackFailed', reason: failure };
  return runOrWait(current.step, current.record, run);
}

/** What the way back had to say belongs to how it ended: that it went back to something broken, say. */
function withRemarks({ undo, journal, reason }: LoadedRun): string | null {
  const said = (undo?.steps ?? []).flatMap(({ id }) => {
    const { message } = journal.steps.get(stepKey(journal.undoPlanNumber ?? 0, id))?.output ?? {};
    return typeof message === 'string' ? [message] : [];
  });
  return [...(reason === null ? [] : [reason]), ...said].join('; ') || null;
}

export interface Current {
  readonly step: Step;
  readonly record: StepRecord | undefined;
}

/** The first step that has not succeeded; null when all have. */
export function currentStep(
  plan: Plan,
  planNumber: number,
  journal: FoldedJournal,
): Current | null {
  for (const step of plan.steps) {
    const record = journal.steps.get(stepKey(planNumber, step.id));
    if (record?.status !== 'succeeded') return { step, record };
  }
  return null;
}

/** Why the step cannot succeed any more; null while it still may. */
function failureOf(step: Step, record: StepRecord | undefined, run: LoadedRun): string | null {
  if (!record) return null;
  const message = record.message || 'no reason given';
  if (record.status === 'failed' && record.terminal) return message;
  if (record.status === 'failed' && record.attempt >= limits.stepAttempts) {
    return `${step.title}: gave up after ${record.attempt} attempts: ${message}`;
  }
  // What has begun is looked at once more: it may have been done while nobody could look.
  return record.status === 'failed' ? overdueReason(step, record, run) : null;
}

/** Why it is too late for the step; null while its time lasts. */
function overdueReason(
  step: Step,
  record: StepRecord,
  run: Pick<LoadedRun, 'journal' | 'gate' | 'now'>,
): string | null {
  if (spentMs(step, record, run) < step.deadlineMs) return null;
  const last = record.message ? ` (${record.message})` : '';
  return `${step.title}: not done within ${Math.round(step.deadlineMs / 1000)} s${last}`;
}

function runOrWait(step: Step, record: StepRecord | undefined, run: LoadedRun): Action {
  const { now } = run;
  if (!record) return { do: 'run', step, attempt: 1 };
  if (record.status === 'started') {
    const overdue = overdueReason(step, record, run);
    return { do: 'run', step, attempt: record.attempt, ...(overdue === null ? {} : { overdue }) };
  }
  const since = record.endedAt ?? now;
  const until = since + retryDelayMs(record.attempt);
  if (now >= until) return { do: 'run', step, attempt: record.attempt + 1 };
  return {
    do: 'wait',
    until,
    waitingOn: {
      kind: 'retry',
      since,
      until,
      who: 'the engine',
      verb: null,
      detail: `${step.title}: attempt ${record.attempt} of ${limits.stepAttempts} failed: ${record.message ?? ''}`,
    },
  };
}

/** 1, 2, 4, 8 … s, capped. */
export function retryDelayMs(attempt: number): number {
  return Math.min(RETRY_FIRST_MS * 2 ** (attempt - 1), RETRY_MOST_MS);
}

/** Has any move begun? Before that there is nothing to take back. */
export function hasMoved(plan: Plan, journal: FoldedJournal): boolean {
  return plan.steps.some(
    (step) => isMove(step) && journal.steps.has(stepKey(journal.planNumber, step.id)),
  );
}
