import type { JournalEntry } from '../../../src/engine/journal.js';
import type { RunKey, AskedVerb, RunStatus } from '../../../src/engine/run.js';
import type { RunStore } from '../../../src/engine/run-store.js';

export interface RunStoreBench {
  readonly store: RunStore;
  /** Of the runs that `add` makes. */
  readonly kind: string;
  /** A tenant of its own; without one, `add` takes the bench's. */
  tenant(): Promise<string>;
  /** A Pending run with its first plan, due now. */
  add(tenantId?: string): Promise<RunKey>;
  /** A hint, as a verb or a report gives it. */
  poke(key: RunKey): Promise<void>;
  ask(key: RunKey, verb: AskedVerb['verb']): Promise<void>;
  /** As if the lease had run out. */
  expire(key: RunKey): Promise<void>;
  /** Due since so many seconds. */
  dueSince(key: RunKey, seconds: number): Promise<void>;
  journal(key: RunKey): Promise<JournalEntry[]>;
  state(key: RunKey): Promise<{
    readonly status: RunStatus;
    readonly isAwake: boolean;
    readonly isLeased: boolean;
  }>;
}

export interface RunStoreCheck {
  readonly name: string;
  readonly check: (bench: RunStoreBench) => Promise<void>;
}
