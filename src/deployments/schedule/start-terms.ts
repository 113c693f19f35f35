/** When a deployment may start, and what it is asked as: kept with its spec, and no part of what people approve. */
import type { Actor } from '../../platform/context.js';

export interface StartTerms {
  /** In ms since the epoch; null: as soon as it can. */
  readonly startAt: number | null;
  /** When it has not started by then it never will; null: it waits as long as it has to. */
  readonly expiresAt: number | null;
  /** Asked for by an access key or a pipeline. */
  readonly isByMachine: boolean;
  /** It brings back what was there before. */
  readonly isReturn: boolean;
}

/** Nobody sits there and looks: a key, a pipeline, the system itself. */
export function isMachine({ kind }: Pick<Actor, 'kind'>): boolean {
  return kind !== 'user';
}
