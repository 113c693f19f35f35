/**
 * Performs what decide() says, appends it to the journal, and goes on under the same lease until
 * the answer is "wait" or the run is over. Thin on purpose: no policy lives here.
 */
import { decide, type Action } from './decide.js';
import type { ActionBudget, Held } from './held.js';
import { Actions, locksSlot, type ActionPorts, type WritingAction } from './actions.js';
import { movesOf, type Step } from './plan.js';
import { LongSteps, sleepWhileBusy } from './long-steps.js';
import { runOutside } from './outside-step.js';
import type { Lease } from './run.js';
import type { RunStore, Sleep } from './run-store.js';
import { tryAgain } from './poison.js';
import { appliedEntry, effectOf } from './signal-effect.js';
import { stepRunOf, type StepAttempt } from './step-runs.js';
import { failureOutcome, isOurs } from './step-outcome.js';
import { Turn, type After } from './turn.js';

/** More turns than this under one lease is a loop, not progress: let others have theirs. */
const TURNS_PER_LEASE = 200;
/** So many actions in one transaction at most: what they lock is not locked for long. */
const ACTIONS_PER_TURN = 10;

/** Such work may be done again when the transaction that it shares with the slot fails. */
const QUICK_MS = 1_000;

export interface InterpreterPorts extends ActionPorts {
  readonly store: RunStore;
}

/** What a turn begins with; decide() says what follows. */
interface Beginning {
  readonly locksSlot: boolean;
  /** It tells nodes what to run. */
  readonly moves: boolean;
  begin(turn: Turn): Promise<void>;
  /** When it failed: its transaction is gone with all it had done. Throws what is not its failure. */
  failed?(turn: Turn, error: unknown): Promise<void>;
}

export class Interpreter {
  private readonly actions: Actions;
  readonly longSteps = new LongSteps();

  constructor(private readonly ports: InterpreterPorts) {
    this.actions = new Actions(ports);
  }

  /** Throws Fenced when the lease was lost; any other error is ours and is retried by the caller. */
  async act(lease: Lease, budget: ActionBudget): Promise<void> {
    const { store } = this.ports;
    let run = await store.load(lease);
    for (let count = 0; count < TURNS_PER_LEASE; count += 1) {
      budget.signal.throwIfAborted();
      const after = await this.turn({ lease, run, budget }, decide(run));
      if (after === 'asleep') return;
      run = after === 'stale' ? await store.load(lease, run) : after;
    }
    await store.release(lease, tryAgain(1_000, `${TURNS_PER_LEASE} turns and no wait`));
  }

  private async turn(held: Held, action: Action): Promise<After> {
    const { store } = this.ports;
    switch (action.do) {
      case 'rest':
        await store.retire(held.lease);
        return 'asleep';
      case 'wait':
        return this.sleep(held, { ...action, pollsGate: false });
      case 'run':
        return this.isOutside(action.step) ? this.outside(held, action) : this.write(held, action);
      default:
        return this.write(held, action);
    }
  }

  private async sleep({ lease, run }: Held, sleep: Sleep): Promise<After> {
    return (await this.ports.store.sleep(lease, run, sleep)) ? 'asleep' : 'stale';
  }

  private write(held: Held, action: WritingAction): Promise<After> {
    const { key } = held.lease;
    const { signal } = held.budget;
    return this.goOn(held, {
      locksSlot: locksSlot(action, held.run),
      moves: isMove(action),
      begin: (turn) => this.actions.perform(turn, key, action, signal),
      failed: (turn, error) => this.failed(turn, held, action, error),
    });
  }

  private async outside(held: Held, attempt: StepAttempt): Promise<After> {
    const { longSteps } = this;
    const result = await runOutside({ ...this.ports, longSteps }, held, attempt);
    if (result === 'busy') return this.sleep(held, sleepWhileBusy(held.run));
    if (result === 'stale') return result;
    const { run, stepRun, outcome, tookMs } = result;
    return this.goOn(
      { ...held, run },
      {
        // What has taken long is written down at once, and waits for nobody's lock.
        locksSlot:
          outcome.outcome === 'done' &&
          isSlotNext(stepRun.plan.steps, attempt.step) &&
          tookMs < QUICK_MS,
        moves: isMove({ do: 'run', ...attempt }),
        begin: (turn) => this.actions.conclude(turn, stepRun, outcome),
      },
    );
  }

  /** One transaction: its beginning, and what follows from it without anything outside. */
  private async goOn(held: Held, beginning: Beginning, most = ACTIONS_PER_TURN): Promise<After> {
    let begun = 0;
    try {
      return await this.ports.store.commit(held.lease, beginning, async (tx) => {
        const turn = new Turn(tx, held.run);
        begun = 1;
        await beginning.begin(turn);
        let moves = beginning.moves;
        while (begun < most) {
          const next = this.next(turn, beginning, held.budget);
          // What nodes are told is told to them: a second move does not overtake the first.
          if (!next || (moves && isMove(next))) break;
          moves ||= isMove(next);
          begun += 1;
          await this.actions.perform(turn, held.lease.key, next, held.budget.signal);
        }
        return turn.after;
      });
    } catch (error) {
      if (isOurs(error)) throw error;
      // Not the first one's failure: each gets a transaction of its own until it is found.
      if (begun > 1) return this.goOn(held, beginning, 1);
      if (!beginning.failed) throw error;
      return this.ports.store.commit(held.lease, { locksSlot: false }, async (tx) => {
        const turn = new Turn(tx, held.run);
        await beginning.failed!(turn, error);
        return turn.after;
      });
    }
  }

  /** What the same transaction may go on with; null: it is committed first. */
  private next(turn: Turn, locks: { readonly locksSlot: boolean }, budget: ActionBudget) {
    const { after } = turn;
    if (typeof after === 'string' || budget.signal.aborted) return null;
    const action = decide(after);
    if (action.do === 'rest') return null;
    if (action.do === 'run' && this.isOutside(action.step)) return null;
    // The slot cannot be locked any more, and is not kept from others for what does not need it.
    const fits = action.do === 'wait' || locksSlot(action, after) === locks.locksSlot;
    return fits ? action : null;
  }

  private async failed(turn: Turn, held: Held, action: WritingAction, error: unknown) {
    const failed = failureOutcome(error);
    if (action.do === 'run') {
      const stepRun = stepRunOf(held.lease.key, turn.run, action, held.budget.signal);
      return this.actions.conclude(turn, stepRun, failed);
    }
    // Journalled all the same: a verb that stays unapplied would be tried for ever.
    if (action.do !== 'apply') throw error;
    const effect = effectOf(action.signal, turn.run);
    if (effect.do !== 'promote') throw error;
    const why = failed.outcome === 'failed' ? failed.message : 'it failed';
    await turn.append(appliedEntry(action.signal, turn.run, effect, why));
  }

  private isOutside(step: Step): boolean {
    return this.ports.handlers.get(step.kind).mode === 'outside';
  }
}

function isMove(action: Action): boolean {
  return action.do === 'run' && movesOf(action.step).length > 0;
}

function isSlotNext(steps: readonly Step[], { id }: Step): boolean {
  return steps[steps.findIndex((step) => step.id === id) + 1]?.kind === 'slot';
}
