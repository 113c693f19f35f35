import { statement } from '../../platform/database/statement.js';
import { FIRST_ENTRIES } from './journal.store.js';
import { FIRST_PLAN } from './plans.store.js';
import { NEW_RUN, type NamedRun } from './runs.store.js';

/**
 * A run begins: its plan, its clockwork and the first entries of its journal, one statement. The run's
 * own row is the kind's, written before in the same transaction with `journal_seq` FIRST_SEQ.
 */
export const openRun = statement<
  NamedRun & {
    readonly lane: 'normal' | 'rollback';
    readonly planText: string;
    readonly planDigest: string;
    readonly subjectDigest: string;
    readonly factsText: string;
    readonly actor: string;
    /** JSON: what the journal's first entry says. */
    readonly created: string;
  }
>('runs.open', `with plan as (${FIRST_PLAN}), run as (${NEW_RUN}) ${FIRST_ENTRIES}`);
