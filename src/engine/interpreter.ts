/**
 * Performs what decide() says, appends it to the journal, and goes on under the same lease until
 * the answer is "wait" or the run is over. Thin on purpose: no policy lives here.
 */
import { decide, type Action } from './decide.js';
import type { ActionBudget, Held } from './held.js';
import { Actions, locksShared, type WritingAction } from './actions.js';
import { isMove, type Step } from './plan.js';
import { LongSteps, sleepWhileBusy } from './long-steps.js';
import { runOutside } from './outside-step.js';
import type { Registry } from '../kernel/registry.js';
import type { RunKind } from './run-kind.js';
import type { Lease, LoadedRun } from './run.js';
import type { RunStore, Sleep } from './run-store.js';
import { tryAgain } from './poison.js';
import { appliedEntry, effectOf } from './signal-effect.js';
import type { StepRun } from './step-handler.js';
import { stepRunOf, type StepAttempt } from './step-runs.js';
import { failureOutcome, isOurs } from './step-outcome.js';
import { Turn, type After } from './turn.js';

/** More turns than this under one lease is a loop, not progress: let others have theirs. */
const TURNS_PER_LEASE = 200;
/** So many actions in one transaction at most: what they lock is not locked for long. */
const ACTIONS_PER_TURN = 10;

/** Such work may be done again when the transaction fails that it has with what runs share. */
const QUICK_MS = 1_000;

export interface InterpreterPorts {
  readonly store: RunStore;
  readonly kinds: Registry<RunKind>;
}

/** What a turn begins with; decide() says what follows. */
interface Beginning {
  readonly locksShared: boolean;
  /** It does what would have to be taken back. */
  readonly moves: boolean;
  begin(turn: Turn): Promise<void>;
  /** When it failed: its transaction is gone with all it had done. Throws what is not its failure. */
  failed?(turn: Turn, error: unknown): Promise<void>;
}

export class Interpreter {
  readonly longSteps = new LongSteps();

  constructor(private readonly ports: InterpreterPorts) {}

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
        return this.isOutside(held.run, action.step)
          ? this.outside(held, action)
          : this.write(held, action);
      default:
        return this.write(held, action);
    }
  }

  private async sleep({ lease, run }: Held, sleep: Sleep): Promise<After> {
    return (await this.ports.store.sleep(lease, run, sleep)) ? 'asleep' : 'stale';
  }

  private write(held: Held, action: WritingAction): Promise<After> {
    const { signal } = held.budget;
    return this.goOn(held, {
      locksShared: locksShared(action, held.run, this.kindOf(held.run)),
      moves: moves(action),
      begin: (turn) => this.actionsOf(held.run).perform(turn, action, signal),
      failed: (turn, error) => this.failed(turn, held, action, error),
    });
  }

  private async outside(held: Held, attempt: StepAttempt): Promise<After> {
    const { longSteps } = this;
    const { store } = this.ports;
    const { steps: handlers } = this.kindOf(held.run);
    const result = await runOutside({ store, handlers, longSteps }, held, attempt);
    if (result === 'busy') return this.sleep(held, sleepWhileBusy(held.run));
    if (result === 'stale') return result;
    const { run, stepRun, outcome, tookMs } = result;
    return this.goOn(
      { ...held, run },
      {
        // What has taken long is written down at once, and waits for nobody's lock.
        locksShared:
          outcome.outcome === 'done' && tookMs < QUICK_MS && nextLocksShared(stepRun, handlers),
        moves: isMove(attempt.step),
        begin: (turn) => this.actionsOf(run).conclude(turn, stepRun, outcome),
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
        let hasMoved = beginning.moves;
        while (begun < most) {
          const next = this.next(turn, beginning, held.budget);
          // What is told outside is told first: a second move does not overtake it.
          if (!next || (hasMoved && moves(next))) break;
          hasMoved ||= moves(next);
          begun += 1;
          await this.actionsOf(held.run).perform(turn, next, held.budget.signal);
        }
        return turn.after;
      });
    } catch (error) {
      if (isOurs(error)) throw error;
      // Not the first one's failure: each gets a transaction of its own until it is found.
      if (begun > 1) return this.goOn(held, beginning, 1);
      if (!beginning.failed) throw error;
      return this.ports.store.commit(held.lease, { locksShared: false }, async (tx) => {
        const turn = new Turn(tx, held.run);
        await beginning.failed!(turn, error);
        return turn.after;
      });
    }
  }

  /** What the same transaction may go on with; null: it is committed first. */
  private next(turn: Turn, locks: { readonly locksShared: boolean }, budget: ActionBudget) {
    const { after } = turn;
    if (typeof after === 'string' || budget.signal.aborted) return null;
    const action = decide(after);
    if (action.do === 'rest') return null;
    if (action.do === 'run' && this.isOutside(after, action.step)) return null;
    // What is shared cannot be locked any more, and is not kept from others without need.
    const fits =
      action.do === 'wait' || locksShared(action, after, this.kindOf(after)) === locks.locksShared;
    return fits ? action : null;
  }

  private async failed(turn: Turn, held: Held, action: WritingAction, error: unknown) {
    const failed = failureOutcome(error);
    if (action.do === 'run') {
      const stepRun = stepRunOf(turn.run, action, held.budget.signal);
      return this.actionsOf(turn.run).conclude(turn, stepRun, failed);
    }
    // Journalled all the same: a verb that stays unapplied would be tried for ever.
    if (action.do !== 'apply') throw error;
    const effect = effectOf(action.signal, turn.run);
    if (effect.do !== 'promote') throw error;
    const why = failed.outcome === 'failed' ? failed.message : 'it failed';
    await turn.append(appliedEntry(action.signal, turn.run, effect, why));
  }

  private kindOf({ key }: LoadedRun): RunKind {
    return this.ports.kinds.get(key.kind);
  }

  private actionsOf(run: LoadedRun): Actions {
    return new Actions(this.kindOf(run));
  }

  private isOutside(run: LoadedRun, step: Step): boolean {
    return this.kindOf(run).steps.get(step.kind).mode === 'outside';
  }
}

function moves(action: Action): boolean {
  return action.do === 'run' && isMove(action.step);
}

function nextLocksShared({ plan, step }: StepRun, handlers: RunKind['steps']): boolean {
  const next = plan.steps[plan.steps.findIndex(({ id }) => id === step.id) + 1];
  return next !== undefined && handlers.get(next.kind).locksShared === true;
}
