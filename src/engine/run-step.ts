/** Runs one step: inside the turn's transaction, or outside of any with its start in the journal. */
import { setTimeout as delay } from 'node:timers/promises';
import { Context, type OpenContext } from '../platform/context.js';
import { stepKey } from './journal.js';
import { ACTION_BUDGET_MS } from './lease-keeper.js';
import type { LongSteps } from './long-steps.js';
import type { Step } from './plan.js';
import { isStarted, recordStart } from './record-step.js';
import type { RunKind } from './run-kind.js';
import type { Lease, LoadedRun } from './run.js';
import type { RunStore } from './run-store.js';
import type { StepCall, StepHandler } from './step-handler.js';
import { awayOutcome, failureOutcome, lastWord, type Outcome } from './step-outcome.js';
import { remainingMs } from './step-time.js';
import { Turn } from './turn.js';

/** What only looks and takes longer is seen to have started. */
const SOON_MS = 200;

export interface ActionBudget {
  /** Fires when the time or the lease is used up. */
  readonly abort: AbortSignal;
  /** From now on the action may take so long. Without an answer: as long as it is used to. */
  readonly extend?: (ms: number) => void;
}

/** What is acted on, under which lease, for how long. */
export interface Acting {
  readonly lease: Lease;
  readonly run: LoadedRun;
  readonly kind: RunKind;
  readonly budget: ActionBudget;
}

export interface StepAttempt {
  readonly step: Step;
  readonly attempt: number;
  /** Its time is over: why it has failed, unless this look finds more than a wait. */
  readonly overdue?: string;
}

/** What a step is told when it runs. */
export function callOf(
  run: LoadedRun,
  { step, attempt }: StepAttempt,
  { budget }: Pick<Acting, 'budget'>,
): StepCall {
  const { key, journal, now } = run;
  const isUndo = run.status === 'RollingBack';
  const plan = isUndo && run.undo ? run.undo : run.forward;
  const planNumber = isUndo ? (journal.undoPlanNumber ?? 0) : journal.planNumber;
  const record = journal.steps.get(stepKey(planNumber, step.id));
  return {
    key,
    step,
    plan,
    planNumber,
    attempt,
    abort: budget.abort,
    journal,
    now,
    startedAt: record?.startedAt ?? now,
    gate: run.gate?.stepId === step.id ? run.gate : null,
  };
}

/** What it throws takes the whole turn back. */
export async function runInside(
  open: OpenContext,
  call: StepCall,
  { overdue }: StepAttempt,
  { kind }: Pick<Acting, 'kind'>,
): Promise<Outcome> {
  const outcome = await kind.steps.get(call.step.kind).run(open, call);
  return lastWord(overdue, outcome);
}

export interface RanOutside {
  /** With the start in it that has been written down. */
  readonly run: LoadedRun;
  readonly call: StepCall;
  readonly outcome: Outcome;
  readonly tookMs: number;
}

export interface OutsidePorts {
  readonly store: RunStore;
  readonly longSteps: LongSteps;
}

/**
 * `busy`: it may take long, and too many such are under way. `stale`: it has not begun, for somebody
 * has asked for something, which comes first.
 */
export function runOutside(
  { store, longSteps }: OutsidePorts,
  acting: Acting,
  attempt: StepAttempt,
): Promise<RanOutside | 'stale' | 'busy'> {
  const isLong = acting.kind.steps.get(attempt.step.kind).budget === 'step';
  const run = () => runNow(store, acting, attempt);
  return isLong ? longSteps.run(acting.lease.key.tenantId, run) : run();
}

/** Journalled as started before it does anything that could not be taken back. */
async function runNow(
  store: RunStore,
  acting: Acting,
  attempt: StepAttempt,
): Promise<RanOutside | 'stale'> {
  const { budget } = acting;
  const handler = acting.kind.steps.get(attempt.step.kind);
  let { run } = acting;
  const call = () => callOf(run, attempt, acting);
  let work = handler.onlyLooks ? runTimed(handler, call(), budget) : undefined;
  if (!isStarted(call()) && !(work && (await isOverSoon(work)))) {
    const starting = start(store, acting, call());
    // What has begun is waited for, whatever comes of writing it down.
    await Promise.allSettled([starting, work]);
    const started = await starting;
    // What only looks has looked by now: somebody else's wish comes right after it.
    if (started.after === 'stale' && !work) return 'stale';
    run = started.run;
  }
  work ??= runTimed(handler, call(), budget);
  const { outcome, tookMs } = await work;
  return { run, call: call(), outcome: lastWord(attempt.overdue, outcome), tookMs };
}

function start(store: RunStore, { lease, run }: Acting, call: StepCall) {
  return store.commit(lease, { locksShared: false }, async (tx) => {
    const turn = new Turn(tx, run);
    await recordStart(turn, call);
    return { run: turn.run, after: turn.after };
  });
}

async function runTimed(
  handler: StepHandler,
  call: StepCall,
  budget: ActionBudget,
): Promise<Pick<RanOutside, 'outcome' | 'tookMs'>> {
  const began = performance.now();
  if (handler.budget === 'step') budget.extend?.(remainingMs(call));
  const ctx = Context.system(call.key.tenantId, 'engine');
  const outcome = await handler
    .run(ctx, call)
    .catch((error: unknown) => awayOutcome(error, call.now) ?? failureOutcome(error));
  if (handler.budget === 'step') budget.extend?.(ACTION_BUDGET_MS);
  return { outcome, tookMs: performance.now() - began };
}

async function isOverSoon(work: Promise<unknown>): Promise<boolean> {
  const soon = new AbortController();
  try {
    const late = delay(SOON_MS, false, { signal: soon.signal }).catch(() => false);
    return await Promise.race([work.then(() => true), late]);
  } finally {
    soon.abort();
  }
}
