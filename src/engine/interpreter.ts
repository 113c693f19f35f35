/**
 * Performs what decide() says, appends it to the journal, and goes on under the same lease until
 * the answer is "wait" or the run is over. Thin on purpose: no policy lives here.
 */
import { unreachable } from '../kernel/assert.js';
import type { Registry } from '../kernel/registry.js';
import { Context } from '../platform/context.js';
import { decide, type Action } from './decide.js';
import { stepKey } from './journal.js';
import type { Plan, Step } from './plan.js';
import type { Lease, LoadedRun, RunKey, RunSignal, RunStatus, UndoEnding } from './run.js';
import { appliedEntry, effectOf } from './signal-effect.js';
import { failureOutcome, type Outcome } from './step-outcome.js';
import type { RunStore, RunTransaction } from './run-store.js';
import type { StepHandler, StepOutcome, StepRun } from './step-handler.js';

/** More actions than this under one lease is a loop, not progress: let others have a turn. */
const ACTIONS_PER_LEASE = 200;
const ENGINE = 'system:engine';

export interface InterpreterPorts {
  readonly store: RunStore;
  readonly handlers: Registry<StepHandler>;
  /** The second plan: how to take back what has been moved. Pure over the stored plan and journal. */
  planUndo(run: LoadedRun): { plan: Plan; factsText: string };
  /** Told inside the transaction that ends a run; releases what it held. */
  onFinish(tx: RunTransaction, key: RunKey, run: LoadedRun, status: RunStatus): Promise<void>;
}

export interface ActionBudget {
  readonly signal: AbortSignal;
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
      run = await this.ports.store.load(lease);
    }
    await this.ports.store.release(lease, 1_000);
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
        return this.apply(lease, run, action.signal);
      case 'run':
        return this.runStep(lease, run, action.step, action.attempt, budget);
      case 'undo':
        await store.commit(lease, { locksSlot: false }, (tx) => this.beginUndo(tx, run, action));
        return false;
      case 'wait':
        return store.sleep(lease, run, { ...action, pollsGate: false });
      case 'finish':
        await store.commit(lease, { locksSlot: true }, (tx) =>
          this.finish(tx, lease.key, run, action),
        );
        return true;
      default:
        return unreachable(action);
    }
  }

  /**
   * The API has checked permission and state when it took the verb; the run may have moved on
   * since, so what does not fit any more is journalled as ignored.
   */
  private async apply(lease: Lease, run: LoadedRun, signal: RunSignal): Promise<boolean> {
    const { store } = this.ports;
    const effect = effectOf(signal, run);
    await store.commit(lease, { locksSlot: effect.do === 'finish' }, async (tx) => {
      await tx.append(appliedEntry(signal, run, effect));
      if (effect.do === 'change') await tx.changeStatus(effect.change, signal.actor);
      if (effect.do === 'undo') await this.beginUndo(tx, run, effect);
      if (effect.do === 'finish') await this.finish(tx, lease.key, run, effect);
    });
    return effect.do === 'finish';
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
    if (!this.isStarted(stepRun)) {
      await store.commit(lease, { locksSlot: false }, (tx) => this.started(tx, stepRun));
    }
    const context = Context.system(lease.key.tenantId, 'engine');
    const outcome = await this.guarded(() => handler.run(context, stepRun));
    await store.commit(lease, { locksSlot: false }, (tx) => this.record(tx, stepRun, outcome));
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
        if (!this.isStarted(stepRun)) await this.started(tx, stepRun);
        await this.record(tx, stepRun, outcome);
        return outcome;
      });
    } catch (error) {
      const failed = failureOutcome(error);
      // The transaction is gone with what the handler had done: the failure gets one of its own.
      await store.commit(lease, { locksSlot: false }, async (tx) => {
        if (!this.isStarted(stepRun)) await this.started(tx, stepRun);
        await this.record(tx, stepRun, failed);
      });
      return failed;
    }
  }

  private async guarded(work: () => Promise<StepOutcome>): Promise<Outcome> {
    try {
      return await work();
    } catch (error) {
      return failureOutcome(error);
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

  private isStarted({ journal, planNumber, step, attempt }: StepRun): boolean {
    const record = journal.steps.get(stepKey(planNumber, step.id));
    return record?.status === 'started' && record.attempt === attempt;
  }

  private async started(tx: RunTransaction, run: StepRun): Promise<void> {
    const { planNumber, attempt, step } = run;
    await tx.append({
      kind: 'step-started',
      ...{ planNumber, attempt, stepId: step.id, actor: ENGINE },
      data: { title: step.title, wave: step.wave, kind: step.kind },
    });
  }

  /** Writes what the outcome means for the journal, the plan and the status. */
  private async record(tx: RunTransaction, run: StepRun, outcome: Outcome): Promise<void> {
    const { planNumber, attempt, step } = run;
    const about = { planNumber, attempt, stepId: step.id, actor: ENGINE };
    switch (outcome.outcome) {
      case 'done':
        await tx.append({ kind: 'step-succeeded', ...about, data: outcome.output ?? {} });
        if (outcome.status) {
          await tx.changeStatus({ status: outcome.status, reason: null }, ENGINE);
        }
        if (outcome.replan) {
          const { plan, factsText } = outcome.replan;
          const number = await tx.savePlan(plan, factsText);
          await tx.append({ kind: 'replanned', planNumber: number, actor: ENGINE });
        }
        return;
      case 'wait':
        if (outcome.note) await tx.append({ kind: 'step-note', ...about, data: outcome.note });
        return;
      case 'unstable':
        await tx.append({
          kind: 'step-failed',
          ...about,
          data: { ...outcome.evidence, terminal: true, message: outcome.reason },
        });
        return;
      case 'attention':
        await tx.changeStatus({ status: 'Paused', reason: outcome.reason }, ENGINE);
        return;
      case 'failed':
        await tx.append({
          kind: 'step-failed',
          ...about,
          data: { terminal: outcome.terminal, code: outcome.code, message: outcome.message },
        });
        return;
      default:
        unreachable(outcome);
    }
  }

  private async afterOutcome(
    lease: Lease,
    run: LoadedRun,
    stepRun: StepRun,
    outcome: Outcome,
  ): Promise<boolean> {
    if (outcome.outcome !== 'wait') return false;
    const { step, startedAt } = stepRun;
    const deadline =
      startedAt + step.deadlineMs + (run.journal.pausedMs - pausedMsBefore(run, stepRun));
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
    run: LoadedRun,
    action: { status: RunStatus; reason: string | null },
  ): Promise<void> {
    const { status, reason } = action;
    await tx.changeStatus({ status, reason }, ENGINE);
    await this.ports.onFinish(tx, key, run, status);
  }
}

function pausedMsBefore(run: LoadedRun, { planNumber, step }: StepRun): number {
  return (
    run.journal.steps.get(stepKey(planNumber, step.id))?.pausedMsBefore ?? run.journal.pausedMs
  );
}
