/**
 * Performs what decide() says, appends it to the journal, and goes on under the same lease until the
 * answer is "wait" or the run is over. Thin on purpose: no policy lives here. One action is followed
 * from here to perform.ts, run-step.ts, record-step.ts and turn.ts.
 */
import type { Registry } from '../kernel/registry.js';
import { decide, type Action } from './decide.js';
import { LongSteps, sleepWhileBusy } from './long-steps.js';
import { conclude, locksShared, perform, performFailed, type WritingAction } from './perform.js';
import { isMove } from './plan.js';
import { tryAgain } from './poison.js';
import type { RunKind } from './run-kind.js';
import { runOutside, type ActionBudget, type Acting, type StepAttempt } from './run-step.js';
import type { Lease } from './run.js';
import type { RunStore, Sleep } from './run-store.js';
import type { StepCall } from './step-handler.js';
import { isOurs } from './step-outcome.js';
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
    const { store, kinds } = this.ports;
    const kind = kinds.get(lease.key.kind);
    let run = await store.load(lease);
    for (let count = 0; count < TURNS_PER_LEASE; count += 1) {
      budget.abort.throwIfAborted();
      const after = await this.actOnce({ lease, run, kind, budget }, decide(run));
      if (after === 'asleep') return;
      run = after === 'stale' ? await store.load(lease, run) : after;
    }
    await store.release(lease, tryAgain(1_000, `${TURNS_PER_LEASE} turns and no wait`));
  }

  private async actOnce(acting: Acting, action: Action): Promise<After> {
    switch (action.do) {
      case 'rest':
        await this.ports.store.retire(acting.lease);
        return 'asleep';
      case 'wait':
        return this.sleep(acting, { ...action, pollsGate: false });
      default:
        return isOutside(acting, action)
          ? this.outside(acting, action)
          : this.inside(acting, action);
    }
  }

  private async sleep({ lease, run }: Acting, sleep: Sleep): Promise<After> {
    return (await this.ports.store.sleep(lease, run, sleep)) ? 'asleep' : 'stale';
  }

  /** All of it is one transaction. */
  private inside(acting: Acting, action: WritingAction): Promise<After> {
    return this.turn(acting, {
      locksShared: locksShared(action, acting.run, acting.kind),
      moves: moves(action),
      begin: (turn) => perform(turn, action, acting),
      failed: (turn, error) => performFailed(turn, action, acting, error),
    });
  }

  /** The step runs first; what came of it is a transaction. */
  private async outside(acting: Acting, attempt: StepAttempt): Promise<After> {
    const ports = { store: this.ports.store, longSteps: this.longSteps };
    const ran = await runOutside(ports, acting, attempt);
    if (ran === 'busy') return this.sleep(acting, sleepWhileBusy(acting.run));
    if (ran === 'stale') return ran;
    const { run, call, outcome, tookMs } = ran;
    // What has taken long is written down at once, and waits for nobody's lock.
    const isQuick = outcome.outcome === 'done' && tookMs < QUICK_MS;
    return this.turn(
      { ...acting, run },
      {
        locksShared: isQuick && nextLocksShared(call, acting.kind),
        moves: isMove(attempt.step),
        begin: (turn) => conclude(turn, call, outcome),
      },
    );
  }

  /** One transaction: its beginning, and what follows from it without anything outside. */
  private async turn(
    acting: Acting,
    beginning: Beginning,
    most = ACTIONS_PER_TURN,
  ): Promise<After> {
    const { store } = this.ports;
    let begun = 0;
    try {
      return await store.commit(acting.lease, beginning, async (tx) => {
        const turn = new Turn(tx, acting.run);
        begun = 1;
        await beginning.begin(turn);
        let hasMoved = beginning.moves;
        while (begun < most) {
          const next = following(turn, beginning, acting);
          // What is told outside is told first: a second move does not overtake it.
          if (!next || (hasMoved && moves(next))) break;
          hasMoved ||= moves(next);
          begun += 1;
          await perform(turn, next, acting);
        }
        return turn.after;
      });
    } catch (error) {
      if (isOurs(error)) throw error;
      // Not the first one's failure: each gets a transaction of its own until it is found.
      if (begun > 1) return this.turn(acting, beginning, 1);
      if (!beginning.failed) throw error;
      return store.commit(acting.lease, { locksShared: false }, async (tx) => {
        const turn = new Turn(tx, acting.run);
        await beginning.failed!(turn, error);
        return turn.after;
      });
    }
  }
}

/** What the same transaction may go on with; null: it is committed first. */
function following(turn: Turn, begun: Pick<Beginning, 'locksShared'>, acting: Acting) {
  const { after } = turn;
  if (typeof after === 'string' || acting.budget.abort.aborted) return null;
  const action = decide(after);
  if (action.do === 'rest' || isOutside(acting, action)) return null;
  // What is shared cannot be locked any more, and is not kept from others without need.
  const fits =
    action.do === 'wait' || locksShared(action, after, acting.kind) === begun.locksShared;
  return fits ? action : null;
}

function isOutside({ kind }: Acting, action: Action): action is Extract<Action, { do: 'run' }> {
  return action.do === 'run' && kind.steps.get(action.step.kind).mode === 'outside';
}

function moves(action: Action): boolean {
  return action.do === 'run' && isMove(action.step);
}

function nextLocksShared({ plan, step }: StepCall, { steps }: RunKind): boolean {
  const next = plan.steps[plan.steps.findIndex(({ id }) => id === step.id) + 1];
  return next !== undefined && steps.get(next.kind).locksShared === true;
}
