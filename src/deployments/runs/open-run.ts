import { FIRST_ENTRIES } from './journal.store.js';
import { FIRST_PLAN } from './plans.store.js';
import { NEW_RUN, type NamedRun } from './runs.store.js';

export type NewRun = NamedRun & {
  readonly lane: 'normal' | 'rollback';
  readonly planText: string;
  readonly planDigest: string;
  readonly subjectDigest: string;
  readonly factsText: string;
  readonly actor: string;
  /** JSON: what the journal's first entry says. */
  readonly created: string;
};

/**
 * A run begins: its plan, its clockwork and the first entries of its journal. The end of the one
 * statement in which the kind writes the run's own row, with `journal_seq` FIRST_SEQ. Fragment: NewRun.
 */
export const OPENS_RUN = `plan as (${FIRST_PLAN}), run as (${NEW_RUN}) ${FIRST_ENTRIES}`;
