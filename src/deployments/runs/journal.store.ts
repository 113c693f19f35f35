/**
 * The table `journal`: what the engine did for a run, append-only. The one place that counts its
 * entries: whoever writes has the run's own row locked, which says how far it goes, and says so anew.
 */
import { assert } from '../../kernel/assert.js';
import { commitNames, type CommitName } from '../../kernel/failpoint.js';
import { limits } from '../../kernel/limits.js';
import type { StateMachine } from '../../kernel/state-machine.js';
import type { JournalEntry } from '../../engine/journal.js';
import type { RunKey, RunStatus, UndoEnding } from '../../engine/run.js';
import type { NewEntry } from '../../engine/run-store.js';
import type { OpenContext } from '../../platform/context.js';
import { statement, type Statement } from '../../platform/database/statement.js';
import { together } from '../../platform/database/together.js';

/** A JournalEntry, for whoever reads. */
export const JOURNAL_COLUMNS = `seq, (extract(epoch from at) * 1000)::float8 as at,
  plan_number as "planNumber", step_id as "stepId", attempt, kind, actor, data`;

/** As one JSON value; null: there are none. Fragment: :tenantId, :kind, :id, :afterSeq. */
export const ENTRIES_AFTER = `(select json_agg(entry order by seq) from (
    select ${JOURNAL_COLUMNS} from journal where tenant_id = :tenantId and run_kind = :kind
      and deployment_id = :id and seq > :afterSeq) as entry)`;

/** How long the journal of a run is that has just been opened. */
export const FIRST_SEQ = 2;
const FIRST_KINDS = ['created', 'planned'] as const;
export const FIRST_WRITTEN: JournalWritten = { upToSeq: FIRST_SEQ, kinds: FIRST_KINDS };

/** For the statement that opens a run. Fragment: :tenantId, :kind, :id, :actor, :created (JSON). */
export const FIRST_ENTRIES = `insert into journal (tenant_id, run_kind, deployment_id, seq, at,
    plan_number, kind, actor, data)
  values (:tenantId, :kind, :id, 1, clock_timestamp(), 0, 'created', :actor, :created::jsonb),
    (:tenantId, :kind, :id, ${FIRST_SEQ}, clock_timestamp(), 1, 'planned', :actor, '{}')`;

type Append = {
  readonly tenantId: string;
  readonly kind: string;
  readonly id: string;
  readonly lastSeq: number;
  /** Null: written by somebody without a lease. */
  readonly fence: number | null;
  /** JSON. */
  readonly entries: string;
  /** What the entries mean for the run's own row; null: as it was. */
  readonly status: RunStatus | null;
  readonly setsEnding: boolean;
  readonly ending: UndoEnding | null;
  readonly setsReason: boolean;
  readonly reason: string | null;
  readonly isOver: boolean;
};

type AppendStatement = Statement<Append>;

/** What a transaction has added to a journal. */
export interface JournalWritten {
  readonly upToSeq: number;
  readonly kinds: readonly JournalEntry['kind'][];
}

/** What a writer must know of a kind of run: RunRows says it. */
export interface Journalled {
  readonly sql: { readonly append: AppendStatement };
  /** Which status may follow which. */
  readonly states: StateMachine<RunStatus>;
  /** In the transaction that has written the journal up to here. */
  journalled(open: OpenContext, id: string, written: JournalWritten): Promise<void>;
}

/** Entries, and the row of `table` that says how far the journal goes: one statement. */
export const appendTo = (table: string): AppendStatement =>
  statement<Append>(
    `journal.append-to-${table}`,
    `with head as (
       update ${table} set journal_seq = :lastSeq, status = coalesce(:status::text, status),
         version = version + (:status::text is not null)::int,
         ending = case when :setsEnding then :ending::text else ending end,
         reason = case when :setsReason then :reason::text else reason end,
         started_at = case when :status::text = 'Running'
           then coalesce(started_at, clock_timestamp()) else started_at end,
         finished_at = case when :isOver then clock_timestamp() else finished_at end
       where tenant_id = :tenantId and id = :id)
     insert into journal (tenant_id, run_kind, deployment_id, seq, at, plan_number, step_id,
       attempt, fence, kind, actor, data)
     select :tenantId, :kind, :id, entry.seq, to_timestamp(entry.at / 1000), entry."planNumber",
       entry."stepId", entry.attempt, :fence::bigint, entry.kind, entry.actor, entry.data
     from jsonb_to_recordset(:entries::jsonb) as entry (seq int, at float8, "planNumber" int,
       "stepId" text, attempt int, kind text, actor text, data jsonb)`,
  );

/** What the entries mean for the run's own row. */
export interface StatusWritten {
  readonly status: RunStatus;
  readonly ending?: UndoEnding | null;
  readonly reason?: string | null;
}

/** How it was when the run's own row was locked. */
export interface JournalHead {
  readonly journalSeq: number;
  /** The database's clock, in ms since the epoch. */
  readonly now: number;
}

/** Of one transaction that has the run's own row locked. Nothing in between asks for the entries. */
export class JournalWriter {
  private seq: number;
  private readonly entries: JournalEntry[] = [];
  private readonly lockedAt = performance.now();

  constructor(
    private readonly open: OpenContext,
    private readonly key: RunKey,
    private readonly rows: Journalled,
    private readonly head: JournalHead,
  ) {
    this.seq = head.journalSeq;
  }

  append(entry: NewEntry): JournalEntry {
    this.seq += 1;
    assert(this.seq <= limits.journalEntries, 'the journal of one run is full');
    const { kind, planNumber, stepId = null, attempt = null, actor, data = {} } = entry;
    const name = commitNames.find((each: CommitName) => each === kind);
    if (name) this.open.tx.commitsAs(name);
    const made = { seq: this.seq, at: this.now(), planNumber, stepId, attempt, kind, actor };
    // As it will be read again: what JSON leaves out is not there now, either.
    const stored = { ...made, data: JSON.parse(JSON.stringify(data)) as JournalEntry['data'] };
    this.entries.push(stored);
    return stored;
  }

  /** Once, at the end. `fence`: of the holder of the lease. */
  async flush(fence: number | null, written?: StatusWritten): Promise<void> {
    if (this.entries.length === 0) return;
    const { tenantId, kind, id } = this.key;
    const { status = null, ending, reason } = written ?? {};
    const append = this.open.tx.execute(this.rows.sql.append, {
      tenantId,
      kind,
      id,
      lastSeq: this.seq,
      fence,
      entries: JSON.stringify(this.entries),
      status,
      setsEnding: ending !== undefined,
      ending: ending ?? null,
      setsReason: reason !== undefined,
      reason: reason ?? null,
      isOver: status !== null && this.rows.states.isTerminal(status),
    });
    const added = { upToSeq: this.seq, kinds: this.entries.map((entry) => entry.kind) };
    await together([append, this.rows.journalled(this.open, id, added)]);
  }

  /** The database's clock, without asking it again. Whole microseconds come back as they went in. */
  private now(): number {
    return Math.floor((this.head.now + performance.now() - this.lockedAt) * 1000) / 1000;
  }
}
