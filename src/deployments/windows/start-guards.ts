/**
 * What may stand in the way of a start: the kill switch, a freeze, a hold, a date. Each is a guard, and
 * all of them are asked wherever something would begin: when a deployment is asked for, approved, promoted
 * or taken back, and by the engine before it takes the slot. Nothing here decides what becomes of it:
 * whoever asks refuses, or waits.
 */
import type { Actor, OpenContext } from '../../platform/context.js';
import type { Lane } from '../deployment.states.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { lockForStart } from './start-lock.js';

/** What a guard may be in the way of. `start`: of what was accepted before, and waits for its turn. */
export const START_VERBS = ['create', 'approve', 'start', 'promote', 'rollback'] as const;
export type StartVerb = (typeof START_VERBS)[number];

/** Why it may not go on now. */
export interface Held {
  /** As `waitingOn.kind` shows it: `kill-switch`, `freeze`, `hold`, `schedule`. */
  readonly kind: string;
  /** Of the one that holds it, where it has a name. */
  readonly name?: string;
  /** In words, with the name of what holds it. */
  readonly detail: string;
  /** When it ends by itself, in ms since the epoch; null: somebody has to end it. */
  readonly until: number | null;
  /** Who can let it go on sooner. */
  readonly who: string;
  /** With which verb; null: with none. */
  readonly verb: string | null;
}

export interface StartAsked {
  readonly spec: DeploymentSpec;
  readonly deployment: {
    /** Null: it is only being asked for. */
    readonly id: string | null;
    /** What goes back is held by little: see each guard. */
    readonly lane: Lane;
  };
  readonly verb: StartVerb;
  /** Who wants it now; null: the engine, at its turn. */
  readonly by: Actor | null;
  /** What they say it is for. */
  readonly reason?: string | null | undefined;
  /** In ms since the epoch; null: what the database's clock says when it is asked. */
  readonly now: number | null;
}

export abstract class StartGuard {
  abstract readonly kind: string;
  /** Asked before each wave that goes forward, too: not only whether a rollout may begin. */
  readonly holdsWaves: boolean = false;
  /** In the transaction that would begin it. Null: not in the way. */
  abstract check(open: OpenContext, asked: StartAsked): Promise<Held | null>;
}

/** All of them, in the order in which they are named to people. */
export class StartGuards {
  constructor(private readonly guards: readonly StartGuard[]) {}

  /** The first that is in the way; null: it may go on. Of a start, true until the transaction has ended. */
  async first(open: OpenContext, asked: StartAsked): Promise<Held | null> {
    if (asked.verb === 'start') await lockForStart(open);
    return firstOf(this.guards, open, asked);
  }

  /** Of a rollout that has begun, before its next wave. */
  async beforeWave(open: OpenContext, asked: StartAsked): Promise<Held | null> {
    await lockForStart(open);
    return firstOf(
      this.guards.filter(({ holdsWaves }) => holdsWaves),
      open,
      asked,
    );
  }
}

async function firstOf(
  guards: readonly StartGuard[],
  open: OpenContext,
  asked: StartAsked,
): Promise<Held | null> {
  for (const guard of guards) {
    const held = await guard.check(open, asked);
    if (held) return held;
  }
  return null;
}
