/** Runs a step that works outside a transaction, and has its start in the journal when it must be. */
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '../platform/context.js';
import type { ActionBudget, Held } from './held.js';
import { ACTION_BUDGET_MS } from './lease-keeper.js';
import type { LongSteps } from './long-steps.js';
import { isStarted, recordStart } from './record-outcome.js';
import type { RunKind } from './run-kind.js';
import type { LoadedRun } from './run.js';
import type { RunStore } from './run-store.js';
import type { StepHandler, StepRun } from './step-handler.js';
import { awayOutcome, failureOutcome, lastWord, type Outcome } from './step-outcome.js';
import { remainingMs, stepRunOf, type StepAttempt } from './step-runs.js';
import { Turn } from './turn.js';

/** What only looks and takes longer is seen to have started. */
const SOON_MS = 200;

export interface OutsidePorts {
  readonly store: RunStore;
  readonly handlers: RunKind['steps'];
  readonly longSteps: LongSteps;
}

export interface OutsideOutcome {
  readonly run: LoadedRun;
  readonly stepRun: StepRun;
  readonly outcome: Outcome;
  readonly tookMs: number;
}

/** As runNow(). `busy`: it may take long, and too many such are under way. */
export async function runOutside(
  ports: OutsidePorts,
  held: Held,
  attempt: StepAttempt,
): Promise<OutsideOutcome | 'stale' | 'busy'> {
  const isLong = ports.handlers.get(attempt.step.kind).budget === 'step';
  const run = () => runNow(ports, held, attempt);
  return isLong ? ports.longSteps.run(held.lease.key.tenantId, run) : run();
}

/**
 * Journalled as started before it does anything that could not be taken back. `stale`: it has not
 * begun, for somebody has asked for something, which comes first.
 */
async function runNow(
  { store, handlers }: OutsidePorts,
  held: Held,
  attempt: StepAttempt,
): Promise<OutsideOutcome | 'stale'> {
  const { budget } = held;
  const handler = handlers.get(attempt.step.kind);
  let { run } = held;
  const now = () => stepRunOf(run, attempt, budget.signal);
  let work = handler.onlyLooks ? perform(handler, now(), budget) : undefined;
  if (!isStarted(now()) && !(work && (await isOverSoon(work)))) {
    const starting = start(store, held, now());
    // What has begun is waited for, whatever comes of writing it down.
    await Promise.allSettled([starting, work]);
    const started = await starting;
    // What only looks has looked by now: somebody else's wish comes right after it.
    if (started.after === 'stale' && !work) return 'stale';
    run = started.run;
  }
  work ??= perform(handler, now(), budget);
  const { outcome, tookMs } = await work;
  return { run, stepRun: now(), outcome: lastWord(attempt.overdue, outcome), tookMs };
}

function start(store: RunStore, { lease, run }: Held, stepRun: StepRun) {
  return store.commit(lease, { locksShared: false }, async (tx) => {
    const turn = new Turn(tx, run);
    await recordStart(turn, stepRun);
    return { run: turn.run, after: turn.after };
  });
}

async function perform(
  handler: StepHandler,
  stepRun: StepRun,
  budget: ActionBudget,
): Promise<Pick<OutsideOutcome, 'outcome' | 'tookMs'>> {
  const began = performance.now();
  if (handler.budget === 'step') budget.extend?.(remainingMs(stepRun));
  const ctx = Context.system(stepRun.key.tenantId, 'engine');
  const outcome = await handler
    .run(ctx, stepRun)
    .catch((error: unknown) => awayOutcome(error, stepRun.now) ?? failureOutcome(error));
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
