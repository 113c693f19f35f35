/** What one action writes, inside a turn. Nothing here decides whether, or what comes next. */
import { unreachable } from '../kernel/assert.js';
import type { Action } from './decide.js';
import { ENGINE, isStarted, recordOutcome, recordStart } from './record-outcome.js';
import type { RunKind } from './run-kind.js';
import type { LoadedRun, RunSignal, RunStatus } from './run.js';
import { appliedEntry, effectOf, type SignalEffect } from './signal-effect.js';
import type { StepRun } from './step-handler.js';
import { lastWord, type Outcome } from './step-outcome.js';
import { sleepOf, stepRunOf } from './step-runs.js';
import type { Turn } from './turn.js';

/** Actions that write; what runs outside a transaction has its own way. */
export type WritingAction = Exclude<Action, { do: 'rest' }>;

/** Whoever ends gives back what runs share; some steps take it. */
export function locksShared(action: Action, run: LoadedRun, { steps }: RunKind): boolean {
  if (action.do === 'finish') return true;
  if (action.do === 'apply') return effectOf(action.signal, run).do === 'finish';
  return action.do === 'run' && steps.get(action.step.kind).locksShared === true;
}

export class Actions {
  constructor(private readonly kind: RunKind) {}

  async perform(turn: Turn, action: WritingAction, signal: AbortSignal) {
    switch (action.do) {
      case 'apply':
        return this.apply(turn, action.signal, signal);
      case 'run':
        return this.runStep(turn, stepRunOf(turn.run, action, signal), action.overdue);
      case 'undo':
        return this.beginUndo(turn, action);
      case 'wait':
        return turn.sleep({ ...action, pollsGate: false });
      case 'finish':
        // A verb that was accepted a moment ago must not be lost to a run that just ended.
        if ((await turn.newestSignal()) > turn.run.journal.lastSignal) return;
        return this.finish(turn, action);
      default:
        return unreachable(action);
    }
  }

  /** What came of a step's run. The caller has it started before, or does it here. */
  async conclude(turn: Turn, stepRun: StepRun, outcome: Outcome): Promise<void> {
    // A poll that only waits leaves no trace but its first start.
    if (!isStarted(stepRun)) await recordStart(turn, stepRun);
    await recordOutcome(turn, stepRun, outcome);
    if (outcome.outcome === 'wait') await turn.sleep(sleepOf(stepRun, outcome));
  }

  private async runStep(turn: Turn, stepRun: StepRun, overdue?: string): Promise<void> {
    const handler = this.kind.steps.get(stepRun.step.kind);
    const outcome = await handler.run(turn.open, stepRun);
    await this.conclude(turn, stepRun, lastWord(overdue, outcome));
  }

  /**
   * The API has checked permission and state when it took the verb; the run may have moved on
   * since, so what does not fit any more is journalled as ignored.
   */
  private async apply(turn: Turn, verb: RunSignal, signal: AbortSignal) {
    const effect = effectOf(verb, turn.run);
    if (effect.do === 'promote') return this.promote(turn, verb, effect, signal);
    if (effect.do === 'finish') return this.applyLast(turn, verb, effect);
    await turn.append(appliedEntry(verb, turn.run, effect));
    if (effect.do === 'change') await turn.changeStatus(effect.change, verb.actor);
    if (effect.do === 'undo') await this.beginUndo(turn, effect);
  }

  /** The verb ends the run: those that wait behind it get their answer before nobody looks again. */
  private async applyLast(
    turn: Turn,
    verb: RunSignal,
    effect: Extract<SignalEffect, { do: 'finish' }>,
  ): Promise<void> {
    const { run } = turn;
    if ((await turn.newestSignal()) > (run.signals.at(-1)?.number ?? verb.number)) return;
    await turn.append(appliedEntry(verb, run, effect));
    for (const late of run.signals.filter(({ number }) => number > verb.number)) {
      await turn.append(appliedEntry(late, run, effect, `not possible while ${effect.status}`));
    }
    await this.finish(turn, effect);
  }

  /** The step that is open now ends at a person's word, unless it knows better by now. */
  private async promote(
    turn: Turn,
    verb: RunSignal,
    effect: Extract<SignalEffect, { do: 'promote' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { run } = turn;
    const stepRun = stepRunOf(run, effect, signal);
    const by = { actor: verb.actor, reason: verb.reason ?? '' };
    const handler = this.kind.steps.get(effect.step.kind);
    const outcome = (await handler.promote?.(turn.open, stepRun, by)) ?? NOT_SHORT;
    if (outcome.outcome === 'refused') {
      await turn.append(appliedEntry(verb, run, effect, outcome.reason));
      return;
    }
    await turn.append(appliedEntry(verb, run, effect));
    await recordOutcome(turn, stepRun, outcome);
  }

  private async beginUndo(
    turn: Turn,
    { ending, reason, cause }: Pick<Extract<Action, { do: 'undo' }>, 'ending' | 'reason' | 'cause'>,
  ): Promise<void> {
    const { plan, factsText, warnings = [] } = this.kind.planUndo(turn.run);
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

  private async finish(
    turn: Turn,
    { status, reason }: { readonly status: RunStatus; readonly reason: string | null },
  ): Promise<void> {
    await turn.changeStatus({ status, reason }, ENGINE);
    await this.kind.onFinish(turn, turn.run.key, status);
    turn.rest();
  }
}

const NOT_SHORT = { outcome: 'refused', reason: 'this step cannot be cut short' } as const;
