/** The statements over the table in which runs of one kind have their own rows. */
import type { JournalEntry } from '../../engine/journal.js';
import type { AskedVerb, LoadedRun, RunStatus, UndoEnding } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { statement, type Statement } from '../../platform/database/statement.js';
import { VERBS_AFTER } from './asked-verbs.store.js';
import { appendTo, ENTRIES_AFTER, type Journalled, type JournalHead } from './journal.store.js';
import type { Held } from './leases.store.js';
import { ALL_PLANS, type PlanRow } from './plans.store.js';
import type { FencedRun } from './runs.store.js';

type Load = FencedRun & {
  readonly afterSeq: number;
  readonly afterNumber: number;
  readonly withPlans: boolean;
};

export interface LoadedRow {
  readonly status: RunStatus;
  readonly ending: UndoEnding | null;
  readonly reason: string | null;
  readonly gate: LoadedRun['gate'];
  readonly pokes: number;
  readonly now: number;
  /** Null: none. */
  readonly entries: readonly JournalEntry[] | null;
  readonly verbs: readonly AskedVerb[] | null;
  /** Null: not asked for. */
  readonly plans: readonly PlanRow[] | null;
}

export interface LockedRow extends JournalHead {
  readonly status: RunStatus;
  readonly subjectDigest: string;
  readonly pokes: number;
}

export interface RunTable {
  readonly load: Statement<Load, LoadedRow>;
  readonly lock: Statement<FencedRun, LockedRow>;
  readonly append: Journalled['sql']['append'];
}

const NOW = '(extract(epoch from clock_timestamp()) * 1000)::float8 as now';

/**
 * `table` has tenant_id, id, status, ending, reason, version, journal_seq, subject_digest, started_at
 * and finished_at. Called once, where a module is loaded.
 */
export function runTable(table: string): RunTable {
  return {
    // One statement, one snapshot: a verb that is accepted meanwhile is in all of it or in none.
    load: statement<Load, LoadedRow>(
      `${table}.load-run`,
      `select own.status, own.ending, own.reason, r.pokes,
         case when r.gate is null then null else jsonb_build_object('stepId', r.gate->'stepId',
           'verdict', r.gate->'verdict', 'reason', r.gate->'reason',
           'watchedMs', r.gate->'watchedMs') end as gate,
         ${NOW}, ${ENTRIES_AFTER} as entries, ${VERBS_AFTER} as verbs,
         case when :withPlans then ${ALL_PLANS} end as plans
       from ${table} own join runs r on r.tenant_id = own.tenant_id and r.kind = :kind
         and r.id = own.id
       where own.tenant_id = :tenantId and own.id = :id and r.fence = :fence`,
    ),
    // The run's own row first, as everywhere: rows are locked in the order in which they are named.
    lock: statement<FencedRun, LockedRow>(
      `${table}.lock-run`,
      `select own.status, own.journal_seq as "journalSeq", own.subject_digest as "subjectDigest",
         r.pokes, ${NOW}
       from ${table} own join runs r on r.tenant_id = own.tenant_id and r.id = own.id
       where own.tenant_id = :tenantId and own.id = :id and r.kind = :kind and r.fence = :fence
       for update of own, r`,
    ),
    append: appendTo(table),
  };
}

/** Undefined: the lease is held no more. */
export function loadRow(
  open: OpenContext,
  table: RunTable,
  asked: Load,
): Promise<LoadedRow | undefined> {
  return open.tx.first(table.load, asked);
}

/** Until the end of the transaction. Undefined: the lease is held no more. */
export function lockRow(
  open: OpenContext,
  table: RunTable,
  { key: { tenantId, kind, id }, fence }: Held,
): Promise<LockedRow | undefined> {
  return open.tx.first(table.lock, { tenantId, kind, id, fence });
}
