/** The shapes of a freeze. */
import type { StartVerb } from './start-guards.js';

/** Where it counts: names are exact, of environments in upper or lower case; empty: all. */
export interface FreezeScope {
  readonly environments: readonly string[];
  readonly modules: readonly string[];
  /** Environments that bear all of these. */
  readonly labels: Readonly<Record<string, string>>;
}

/** When it counts, as its row has it. */
export interface FreezeTimes {
  readonly kind: 'once' | 'recurring';
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly rule: string | null;
  readonly localStart: string | null;
  readonly duration: string | null;
  readonly timeZone: string | null;
}

/** As a guard sees it: one that names the verb, and may be on now. */
export interface FreezeFound extends FreezeTimes {
  readonly id: string;
  readonly name: string;
}

/** What a freeze names unless it is told otherwise: what is under way may end, and may go back. */
export const DEFAULT_VERBS: readonly StartVerb[] = ['start', 'promote'];
