/**
 * Performs what decide() says, appends it to the journal, and goes on under the same lease until
 * the answer is "wait" or the run is over. Thin on purpose: no policy lives here.
 */
import { unreachable } from '../kernel/assert.js';
import type { Registry } from '../kernel/registry.js';
import { Context } from '../platform/context.js';
import { decide, type Action } from './decide.js';
import { stepKey } from './journal.js';
import { ACTION_BUDGET_MS } from './lease-keeper.js';
import type { Plan, Step } from './plan.js';
import type { Lease, LoadedRun, RunKey, RunSignal, RunStatus, UndoEnding } from './run.js';
import { appliedEntry, effectOf, type SignalEffect } from './signal-effect.js';
import { ENGINE, isStarted, recordOutcome, recordStart } from './record-outcome.js';
import { tryAgain } from './poison.js';
import { awayOutcome, failureOutcome, type Outcome } from './step-outcome.js';
import type { RunStore, RunTransaction } from './run-store.js';
import type { StepHandler, StepOutcome, StepRun } from './step-handler.js';

/** More actions than this under one lease is a loop, not progress: let others have a turn. */
const ACTIONS_PER_LEASE = 200;

export interface InterpreterPorts {
  readonly store: RunStore;
  readonly handlers: Registry<StepHandler>;
  /** The second plan: how to take back what has been moved. Pure over the stored plan and journal. */
  planUndo(run: LoadedRun): { plan: Plan; factsText: string };
  /** Told inside the transaction that ends a run; releases what it held. */
  onFinish(tx: RunTransaction, key: RunKey, status: RunStatus): Promise<void>;
}

export interface ActionBudget {
  readonly signal: AbortSignal;
  /** From now on the action may take so long. Without an answer: as long as it is used to. */
  readonly extend?: (ms: number) => void;
}

export class Interpreter {
  constructor(private readonly ports: InterpreterPorts) {}

  /** Throws Fenced when the lease was lost; any other error is ours and is retried by the caller. */
  async act(lease: Lease, budget: ActionBudget): Promise<void> {
    let run = await this.ports.store.load(lease);
    for (let count = 0; count < ACTIONS_PER_LEASE; count += 1) {
      budget.signal.throwIfAborted();
      const action = decide(run);
      if (await this.perform(lease, run, action, budget)) return;
      run = await this.ports.store.load(lease, run);
    }
    await this.ports.store.release(
      lease,
      tryAgain(1_000, `${ACTIONS_PER_LEASE} actions and no wait`),
    );
  }

  /** Returns true when the run sleeps or is over. */
  private async perform(
    lease: Lease,
    run: LoadedRun,
    action: Action,
    budget: ActionBudget,
  ): Promise<boolean> {
    const { store } = this.ports;
    switch (action.do) {
      case 'apply':
        return this.apply(lease, run, action.signal, budget);
      case 'run':
        return this.runStep(lease, run, action.step, action.attempt, budget);
      case 'undo':
        await store.commit(lease, { locksSlot: false }, (tx) => this.beginUndo(tx, run, action));
        return false;
      case 'wait':
        return store.sleep(lease, run, { ...action, pollsGate: false });
      case 'rest':
        await store.retire(lease);
        return true;
      case 'finish':
        return store.commit(lease, { locksSlot: true }, async (tx) => {
          // A verb that was accepted a moment ago must not be lost to a run that just ended.
          if ((await tx.newestSignal()) > run.journal.lastSignal) return false;
          await this.finish(tx, lease.key, action);
          return true;
        });
      default:
        return unreachable(action);
    }
  }

  /**
   * The API has checked permission and state when it took the verb; the run may have moved on
   * since, so what does not fit any more is journalled as ignored.
   */
  private async apply(
    lease: Lease,
    run: LoadedRun,
    signal: RunSignal,
    budget: ActionBudget,
  ): Promise<boolean> {
    const { store } = this.ports;
    const effect = effectOf(signal, run);
    if (effect.do === 'promote') return this.promote(lease, run, signal, effect, budget);
    if (effect.do === 'finish') return this.applyLast(lease, run, signal, effect);
    await store.commit(lease, { locksSlot: false }, async (tx) => {
      await tx.append(appliedEntry(signal, run, effect));
      if (effect.do === 'change') await tx.changeStatus(effect.change, signal.actor);
      if (effect.do === 'undo') await this.beginUndo(tx, run, effect);
    });
    return false;
  }

  /** The verb ends the run: those that wait behind it get their answer before nobody looks again. */
  private async applyLast(
    lease: Lease,
    run: LoadedRun,
    signal: RunSignal,
    effect: Extract<SignalEffect, { do: 'finish' }>,
  ): Promise<boolean> {
    return this.ports.store.commit(lease, { locksSlot: true }, async (tx) => {
      if ((await tx.newestSignal()) > (run.signals.at(-1)?.number ?? signal.number)) return false;
      await tx.append(appliedEntry(signal, run, effect));
      for (const late of run.signals.filter(({ number }) => number > signal.number)) {
        await tx.append(appliedEntry(late, run, effect, `not possible while ${effect.status}`));
      }
      await this.finish(tx, lease.key, effect);
      return true;
    });
  }

  /** The step that is open now ends at a person's word, unless it knows better by now. */
  private async promote(
    lease: Lease,
    run: LoadedRun,
    signal: RunSignal,
    effect: Extract<SignalEffect, { do: 'promote' }>,
    budget: ActionBudget,
  ): Promise<boolean> {
    const { store, handlers } = this.ports;
    const handler = handlers.get(effect.step.kind);
    const stepRun = this.stepRun(lease, run, effect.step, effect.attempt, budget);
    const by = { actor: signal.actor, reason: signal.reason ?? '' };
    const ignored = (tx: RunTransaction, why: string) =>
      tx.append(appliedEntry(signal, run, effect, why));
    try {
      await store.commit(lease, { locksSlot: false }, async (tx) => {
        const outcome = await handler.promote?.(tx.context, stepRun, by);
        if (!outcome) return ignored(tx, 'this step cannot be cut short');
        if (outcome.outcome === 'refused') return ignored(tx, outcome.reason);
        await tx.append(appliedEntry(signal, run, effect));
        return recordOutcome(tx, stepRun, outcome);
      });
    } catch (error) {
      // Journalled all the same: a verb that stays unapplied would be tried for ever.
      const failed = failureOutcome(error);
      const why = failed.outcome === 'failed' ? failed.message : 'it failed';
      await store.commit(lease, { locksSlot: false }, (tx) => ignored(tx, why));
    }
    return false;
  }

  private async runStep(
    lease: Lease,
    run: LoadedRun,
    step: Step,
    attempt: number,
    budget: ActionBudget,
  ): Promise<boolean> {
    const { store, handlers } = this.ports;
    const handler = handlers.get(step.kind);
    const stepRun = this.stepRun(lease, run, step, attempt, budget);
    const locksSlot = step.kind === 'slot';
    if (handler.mode === 'transaction') {
      const outcome = await this.inTransaction(lease, locksSlot, stepRun, handler);
      return this.afterOutcome(lease, run, stepRun, outcome);
    }
    if (!isStarted(stepRun)) {
      await store.commit(lease, { locksSlot: false }, (tx) => recordStart(tx, stepRun));
    }
    const context = Context.system(lease.key.tenantId, 'engine');
    if (handler.budget === 'step') budget.extend?.(remainingMs(stepRun, run));
    const outcome = await this.guarded(run, () => handler.run(context, stepRun));
    if (handler.budget === 'step') budget.extend?.(ACTION_BUDGET_MS);
    await store.commit(lease, { locksSlot: false }, (tx) => recordOutcome(tx, stepRun, outcome));
    return this.afterOutcome(lease, run, stepRun, outcome);
  }

  private async inTransaction(
    lease: Lease,
    locksSlot: boolean,
    stepRun: StepRun,
    handler: StepHandler,
  ): Promise<Outcome> {
    const { store } = this.ports;
    try {
      return await store.commit(lease, { locksSlot }, async (tx) => {
        const outcome = await handler.run(tx.context, stepRun);
        // A poll that only waits leaves no trace but its first start.
        if (!isStarted(stepRun)) await recordStart(tx, stepRun);
        await recordOutcome(tx, stepRun, outcome);
        return outcome;
      });
    } catch (error) {
      const failed = failureOutcome(error);
      // The transaction is gone with what the handler had done: the failure gets one of its own.
      await store.commit(lease, { locksSlot: false }, async (tx) => {
        if (!isStarted(stepRun)) await recordStart(tx, stepRun);
        await recordOutcome(tx, stepRun, failed);
      });
      return failed;
    }
  }

  private async guarded({ now }: LoadedRun, work: () => Promise<StepOutcome>): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      return awayOutcome(error, now) ?? failureOutcome(error);
    }
  }

  private stepRun(
    lease: Lease,
    run: LoadedRun,
    step: Step,
    attempt: number,
    budget: ActionBudget,
  ): StepRun {
    const isUndo = run.status === 'RollingBack';
    const plan = isUndo && run.undo ? run.undo : run.forward;
    const planNumber = isUndo ? (run.journal.undoPlanNumber ?? 0) : run.journal.planNumber;
    const record = run.journal.steps.get(stepKey(planNumber, step.id));
    return {
      key: lease.key,
      ...{ step, plan, planNumber, attempt, journal: run.journal, now: run.now },
      startedAt: record?.startedAt ?? run.now,
      gate: run.gate?.stepId === step.id ? run.gate : null,
      signal: budget.signal,
    };
  }

  private async afterOutcome(
    lease: Lease,
    run: LoadedRun,
    stepRun: StepRun,
    outcome: Outcome,
  ): Promise<boolean> {
    if (outcome.outcome !== 'wait') return false;
    const { step } = stepRun;
    const startedAt = outcome.restarts ? stepRun.now : stepRun.startedAt;
    const pausedMs = outcome.restarts ? 0 : run.journal.pausedMs - pausedMsBefore(run, stepRun);
    const deadline = startedAt + step.deadlineMs + pausedMs;
    return this.ports.store.sleep(lease, run, {
      // Never past the deadline: decide() must get its say then.
      until: Math.min(outcome.until, deadline),
      pollsGate: outcome.pollsGate ?? false,
      waitingOn: {
        ...outcome.waitingOn,
        since: startedAt,
        until: Math.min(outcome.deadline ?? deadline, deadline),
      },
    });
  }

  private async beginUndo(
    tx: RunTransaction,
    run: LoadedRun,
    action: { ending: UndoEnding; reason: string },
  ): Promise<void> {
    const { plan, factsText } = this.ports.planUndo(run);
    const { ending, reason } = action;
    await tx.changeStatus({ status: 'RollingBack', ending, reason }, ENGINE);
    const planNumber = await tx.savePlan(plan, factsText);
    await tx.append({ kind: 'undo-planned', planNumber, actor: ENGINE, data: { reason, ending } });
  }

  private async finish(
    tx: RunTransaction,
    key: RunKey,
    action: { status: RunStatus; reason: string | null },
  ): Promise<void> {
    const { status, reason } = action;
    await tx.changeStatus({ status, reason }, ENGINE);
    await this.ports.onFinish(tx, key, status);
  }
}

/** Of the step's own deadline. At least an action's time: decide() has let it begin. */
function remainingMs(stepRun: StepRun, run: LoadedRun): number {
  const { step, startedAt, now } = stepRun;
  const spentMs = now - startedAt - (run.journal.pausedMs - pausedMsBefore(run, stepRun));
  return Math.max(ACTION_BUDGET_MS, step.deadlineMs - spentMs);
}

function pausedMsBefore(run: LoadedRun, { planNumber, step }: StepRun): number {
  return (
    run.journal.steps.get(stepKey(planNumber, step.id))?.pausedMsBefore ?? run.journal.pausedMs
  );
}
