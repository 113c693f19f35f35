/** What a step leaves in the journal, the plan and the status. */
import { assert, unreachable } from '../kernel/assert.js';
import { stepKey } from './journal.js';
import type { RunStatus } from './run.js';
import type { RunTransaction } from './run-store.js';
import type { Said, StepCall } from './step-handler.js';
import type { Outcome } from './step-outcome.js';

/** The engine's name in the journal. */
export const ENGINE = 'system:engine';

export function isStarted({ journal, planNumber, step, attempt }: StepCall): boolean {
  const record = journal.steps.get(stepKey(planNumber, step.id));
  return record?.status === 'started' && record.attempt === attempt;
}

export async function recordStart(
  tx: RunTransaction,
  call: StepCall,
  more: { readonly restarted?: true } = {},
): Promise<void> {
  const { planNumber, attempt, step } = call;
  await tx.append({
    kind: 'step-started',
    planNumber,
    attempt,
    stepId: step.id,
    actor: ENGINE,
    data: { title: step.title, wave: step.wave, kind: step.kind, ...more },
  });
}

/** Writes what the outcome means for the journal, the plan and the status. */
export async function recordOutcome(
  tx: RunTransaction,
  call: StepCall,
  outcome: Outcome,
): Promise<void> {
  const { planNumber, attempt, step } = call;
  const about = { planNumber, attempt, stepId: step.id, actor: ENGINE };
  await recordHold(tx, call, outcome);
  if ('said' in outcome) await recordSaid(tx, call, outcome.said);
  switch (outcome.outcome) {
    case 'done':
      await tx.append({ kind: 'step-succeeded', ...about, data: outcome.output ?? {} });
      await changeTo(tx, outcome.status);
      if (outcome.replan) {
        const { plan, factsText } = outcome.replan;
        const number = await tx.savePlan(plan, factsText);
        await tx.append({ kind: 'replanned', planNumber: number, actor: ENGINE });
      }
      return;
    case 'wait':
      // Started before, or it would have been started just now: then nothing begins anew.
      if (outcome.restarts && isStarted(call)) await recordStart(tx, call, { restarted: true });
      if (outcome.note) await tx.append({ kind: 'step-note', ...about, data: outcome.note });
      await changeTo(tx, outcome.status);
      return;
    case 'rejected': {
      const { reason: message, by: rejectedBy } = outcome;
      await tx.append({
        kind: 'step-failed',
        ...about,
        data: { terminal: true, message, rejectedBy },
      });
      return;
    }
    case 'again':
      return sendBack(tx, call, outcome);
    case 'unstable':
      await tx.append({
        kind: 'step-failed',
        ...about,
        data: {
          ...outcome.evidence,
          terminal: true,
          message: outcome.reason,
          cause: outcome.cause ?? 'release',
        },
      });
      return;
    case 'attention':
      await tx.changeStatus({ status: 'Paused', reason: outcome.reason }, ENGINE);
      return;
    case 'failed': {
      const { terminal, code, message, cause } = outcome;
      const data = { terminal, code, message, ...(cause ? { cause } : {}) };
      await tx.append({ kind: 'step-failed', ...about, data });
      return;
    }
    default:
      unreachable(outcome);
  }
}

async function recordSaid(tx: RunTransaction, call: StepCall, said: Said = []): Promise<void> {
  const { planNumber, step } = call;
  for (const data of said) {
    await tx.append({ kind: 'approval', planNumber, stepId: step.id, actor: ENGINE, data });
  }
}

async function changeTo(tx: RunTransaction, status: RunStatus | undefined): Promise<void> {
  if (status === undefined || status === tx.status) return;
  await tx.changeStatus({ status, reason: null }, ENGINE);
}

/** The earlier step begins anew, with all its time; so does this one, after it. */
async function sendBack(
  tx: RunTransaction,
  { planNumber, plan, step }: StepCall,
  { stepId, reason }: Extract<Outcome, { outcome: 'again' }>,
): Promise<void> {
  const target = plan.steps.find(({ id }) => id === stepId);
  assert(target, `there is no step "${stepId}" to go back to`);
  const { title, wave, kind } = target;
  await tx.append({
    kind: 'step-started',
    planNumber,
    stepId,
    attempt: 1,
    actor: ENGINE,
    data: { title, wave, kind, restarted: true, insteadOf: step.id, reason },
  });
}

/** Once when it begins and once when it ends, however often it is looked at meanwhile. */
async function recordHold(tx: RunTransaction, call: StepCall, outcome: Outcome): Promise<void> {
  const { planNumber, attempt, step, journal } = call;
  const wasHeld = journal.heldSince !== null;
  const isHeld = outcome.outcome === 'wait' && outcome.isHeld === true;
  if (wasHeld === isHeld) return;
  const data = isHeld ? { held: outcome.waitingOn } : { released: true };
  await tx.append({
    kind: 'step-note',
    planNumber,
    attempt,
    stepId: step.id,
    actor: ENGINE,
    data,
  });
}
