/** What one action writes, inside a turn. Nothing here decides whether, or what comes next. */
import { unreachable } from '../kernel/assert.js';
import type { Action } from './decide.js';
import { ENGINE, isStarted, recordOutcome, recordStart } from './record-step.js';
import type { RunKind } from './run-kind.js';
import { callOf, runInside, type Acting } from './run-step.js';
import type { AskedVerb, LoadedRun, RunStatus } from './run.js';
import type { StepCall } from './step-handler.js';
import { failureOutcome, type Outcome } from './step-outcome.js';
import { sleepOf } from './step-time.js';
import type { Turn } from './turn.js';
import { appliedEntry, effectOf, type VerbEffect } from './verb-effect.js';

/** Actions that write; what runs outside a transaction has its own way. */
export type WritingAction = Exclude<Action, { do: 'rest' }>;

/** Whoever ends gives back what runs share; some steps take it. */
export function locksShared(action: Action, run: LoadedRun, { steps }: RunKind): boolean {
  if (action.do === 'finish') return true;
  if (action.do === 'apply') return effectOf(action.verb, run).do === 'finish';
  return action.do === 'run' && steps.get(action.step.kind).locksShared === true;
}

export async function perform(turn: Turn, action: WritingAction, acting: Acting): Promise<void> {
  switch (action.do) {
    case 'apply':
      return apply(turn, action.verb, acting);
    case 'run': {
      const call = callOf(turn.run, action, acting);
      return conclude(turn, call, await runInside(turn.open, call, action, acting));
    }
    case 'undo':
      return beginUndo(turn, action, acting);
    case 'wait':
      return turn.sleep({ until: action.until, waitingOn: action.waitingOn, pollsGate: false });
    case 'finish':
      // A verb that was accepted a moment ago must not be lost to a run that just ended.
      if ((await turn.newestVerb()) > turn.run.journal.lastVerb) return;
      return finish(turn, action, acting);
    default:
      return unreachable(action);
  }
}

/** What came of a step's run. The caller has it started before, or does it here. */
export async function conclude(turn: Turn, call: StepCall, outcome: Outcome): Promise<void> {
  // A poll that only waits leaves no trace but its first start.
  if (!isStarted(call)) await recordStart(turn, call);
  await recordOutcome(turn, call, outcome);
  if (outcome.outcome === 'wait') await turn.sleep(sleepOf(call, outcome));
}

/** The action's own transaction is gone with all it had done. Throws what is not its failure. */
export async function performFailed(
  turn: Turn,
  action: WritingAction,
  acting: Acting,
  error: unknown,
): Promise<void> {
  const failed = failureOutcome(error);
  if (action.do === 'run') return conclude(turn, callOf(turn.run, action, acting), failed);
  // Journalled all the same: a verb that stays unapplied would be tried for ever.
  if (action.do !== 'apply') throw error;
  const effect = effectOf(action.verb, turn.run);
  if (effect.do !== 'promote') throw error;
  const why = failed.outcome === 'failed' ? failed.message : 'it failed';
  await turn.append(appliedEntry(action.verb, turn.run, effect, why));
}

/**
 * The API has checked permission and state when it took the verb; the run may have moved on since, so
 * what does not fit any more is journalled as ignored.
 */
async function apply(turn: Turn, verb: AskedVerb, acting: Acting): Promise<void> {
  const effect = effectOf(verb, turn.run);
  if (effect.do === 'promote') return promote(turn, verb, effect, acting);
  if (effect.do === 'finish') return applyLast(turn, verb, effect, acting);
  await turn.append(appliedEntry(verb, turn.run, effect));
  if (effect.do === 'change') await turn.changeStatus(effect.change, verb.actor);
  if (effect.do === 'undo') await beginUndo(turn, effect, acting);
}

/** The verb ends the run: those that wait behind it get their answer before nobody looks again. */
async function applyLast(
  turn: Turn,
  verb: AskedVerb,
  effect: Extract<VerbEffect, { do: 'finish' }>,
  acting: Acting,
): Promise<void> {
  const { run } = turn;
  if ((await turn.newestVerb()) > (run.verbs.at(-1)?.number ?? verb.number)) return;
  await turn.append(appliedEntry(verb, run, effect));
  for (const late of run.verbs.filter(({ number }) => number > verb.number)) {
    await turn.append(appliedEntry(late, run, effect, `not possible while ${effect.status}`));
  }
  await finish(turn, effect, acting);
}

/** The step that is open now ends at a person's word, unless it knows better by now. */
async function promote(
  turn: Turn,
  verb: AskedVerb,
  effect: Extract<VerbEffect, { do: 'promote' }>,
  acting: Acting,
): Promise<void> {
  const { run } = turn;
  const call = callOf(run, effect, acting);
  const by = { actor: verb.actor, reason: verb.reason ?? '' };
  const handler = acting.kind.steps.get(effect.step.kind);
  const outcome = (await handler.promote?.(turn.open, call, by)) ?? NOT_SHORT;
  if (outcome.outcome === 'refused') {
    await turn.append(appliedEntry(verb, run, effect, outcome.reason));
    return;
  }
  await turn.append(appliedEntry(verb, run, effect));
  await recordOutcome(turn, call, outcome);
}

async function beginUndo(
  turn: Turn,
  { ending, reason, cause }: Pick<Extract<Action, { do: 'undo' }>, 'ending' | 'reason' | 'cause'>,
  { kind }: Acting,
): Promise<void> {
  const { plan, factsText, warnings = [] } = kind.planUndo(turn.run);
  await turn.changeStatus({ status: 'RollingBack', ending, reason }, ENGINE);
  const planNumber = await turn.savePlan(plan, factsText);
  const data = {
    reason,
    ending,
    ...(cause ? { cause } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
  await turn.append({ kind: 'undo-planned', planNumber, actor: ENGINE, data });
}

async function finish(
  turn: Turn,
  {
    status,
    reason,
    by = ENGINE,
  }: { readonly status: RunStatus; readonly reason: string | null; readonly by?: string },
  { kind }: Acting,
): Promise<void> {
  await turn.changeStatus({ status, reason }, by);
  await kind.onFinish(turn, turn.run.key, status);
  turn.rest();
}

const NOT_SHORT = { outcome: 'refused', reason: 'this step cannot be cut short' } as const;
