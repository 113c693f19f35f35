import { assert } from '../../kernel/assert.js';
import { digestOf } from '../../kernel/digest.js';
import { commitNames, type CommitName } from '../../kernel/failpoint.js';
import { limits } from '../../kernel/limits.js';
import type { JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { RunKey, RunStatus, UndoEnding } from '../../engine/run.js';
import {
  Fenced,
  type NewEntry,
  type RunTransaction,
  type Sleep,
  type StatusChange,
} from '../../engine/run-store.js';
import type { OpenContext } from '../../platform/context.js';
import { together } from '../../platform/database/together.js';
import type { RunRows } from './run-rows.js';
import { endSql, sleepSql } from './run-sql.js';

interface Locked {
  status: RunStatus;
  journalSeq: number;
  readonly subjectDigest: string;
  readonly pokes: number;
  readonly now: number;
}

/** One fenced transaction: what runs share, the run's own row and its clockwork are locked in this order. */
export class SqlRunTransaction implements RunTransaction {
  private current: RunStatus;
  private ending: UndoEnding | null | undefined;
  private reason: string | null | undefined;
  private changed = false;
  private seq: number;
  private asleep: Sleep | undefined;
  /** Written together at the end: nothing in between asks for them. */
  private readonly entries: JournalEntry[] = [];
  private readonly lockedAt = performance.now();

  private constructor(
    readonly open: OpenContext,
    private readonly key: RunKey,
    private readonly fence: number,
    private readonly locked: Locked,
    private readonly rows: RunRows,
  ) {
    this.current = locked.status;
    this.seq = locked.journalSeq;
  }

  static async begin(
    open: OpenContext,
    key: RunKey,
    fence: number,
    { locksShared, rows }: { readonly locksShared: boolean; readonly rows: RunRows },
  ): Promise<SqlRunTransaction> {
    // Sent together, and locked one after the other in this order.
    const before = locksShared ? rows.lockShared(open, key.id) : [];
    const own = open.tx.query<Locked>(lockSql(rows), [key.tenantId, key.id, key.kind, fence]);
    await together([...before, own]);
    const [locked] = await own;
    if (!locked) throw new Fenced();
    open.tx.afterCommit(() => rows.changed(key));
    return new SqlRunTransaction(open, key, fence, locked, rows);
  }

  get status(): RunStatus {
    return this.current;
  }

  get pokes(): number {
    return this.locked.pokes;
  }

  append(entry: NewEntry): Promise<JournalEntry> {
    this.seq += 1;
    assert(this.seq <= limits.journalEntries, 'the journal of one run is full');
    const { kind, planNumber, stepId = null, attempt = null, actor, data = {} } = entry;
    const name = commitNames.find((each: CommitName) => each === kind);
    if (name) this.open.tx.commitsAs(name);
    const made = { seq: this.seq, at: this.now(), planNumber, stepId, attempt, kind, actor };
    // As it will be read again: what JSON leaves out is not there now, either.
    const stored = { ...made, data: JSON.parse(JSON.stringify(data)) as JournalEntry['data'] };
    this.entries.push(stored);
    return Promise.resolve(stored);
  }

  async changeStatus(change: StatusChange, actor: string): Promise<JournalEntry> {
    const { status, reason, ending } = change;
    const from = this.current;
    assert(this.rows.states.can(from, status), `no way from ${from} to ${status}`);
    this.current = status;
    this.reason = reason;
    if (ending !== undefined) this.ending = ending;
    this.changed = true;
    // A gate begins anew after a pause, and means nothing after its rollout has turned back.
    const changed = { id: this.key.id, from, to: status, reason, actor };
    await together([
      this.open.tx.execute(
        `update runs set gate = null, polls_gate = false,
           lane = case when $4 then 'rollback' else lane end
         where tenant_id = $1 and kind = $2 and id = $3`,
        [this.key.tenantId, this.key.kind, this.key.id, status === 'RollingBack'],
      ),
      this.rows.statusChanged(this.open, changed),
    ]);
    return this.append({
      kind: this.rows.states.isTerminal(status) ? 'finished' : 'status-changed',
      planNumber: 0,
      actor,
      data: { status, previousStatus: from, ...(reason ? { reason } : {}) },
    });
  }

  async savePlan(plan: Plan, factsText: string): Promise<number> {
    const { text, digest } = digestOf('plan', plan);
    const [row] = await this.open.tx.query<{ number: number }>(
      `insert into plans (tenant_id, run_kind, deployment_id, number, role, body_text, plan_digest,
         subject_digest, facts_text)
       select $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7, $8
       from plans where tenant_id = $1 and run_kind = $2 and deployment_id = $3
       returning number`,
      [
        this.key.tenantId,
        this.key.kind,
        this.key.id,
        plan.role,
        text,
        digest,
        this.locked.subjectDigest,
        factsText,
      ],
    );
    return row!.number;
  }

  async newestSignal(): Promise<number> {
    const [row] = await this.open.tx.query<{ number: number }>(
      `select coalesce(max(number), 0) as number from signals
       where tenant_id = $1 and run_kind = $2 and deployment_id = $3`,
      [this.key.tenantId, this.key.kind, this.key.id],
    );
    return row!.number;
  }

  sleep(sleep: Sleep): Promise<void> {
    this.open.tx.commitsAs('sleep');
    this.asleep = sleep;
    return Promise.resolve();
  }

  /** Writes the journal, and what it means for the run's rows, once and together. */
  async flush(): Promise<void> {
    const { tx } = this.open;
    const { tenantId, kind, id } = this.key;
    const isOver = this.rows.states.isTerminal(this.current);
    const writes: Promise<unknown>[] = [];
    if (isOver && this.changed) writes.push(tx.execute(endSql, [tenantId, kind, id]));
    else if (this.asleep) writes.push(tx.execute(sleepSql, this.sleepParameters(this.asleep)));
    if (this.entries.length > 0) {
      const journal = JSON.stringify(this.entries);
      writes.push(
        tx.execute(JOURNAL_SQL, [tenantId, kind, id, this.fence, journal]),
        tx.execute(headSql(this.rows), [
          tenantId,
          id,
          this.seq,
          this.current,
          this.changed ? 1 : 0,
          this.ending !== undefined,
          this.ending ?? null,
          this.reason !== undefined,
          this.reason ?? null,
          isOver,
        ]),
        this.rows.journalled(this.open, id, this.seq),
      );
    }
    await together(writes);
  }

  private sleepParameters({ until, waitingOn, pollsGate }: Sleep): unknown[] {
    return [
      this.key.tenantId,
      this.key.kind,
      this.key.id,
      this.fence,
      this.pokes,
      until,
      JSON.stringify(waitingOn),
      pollsGate,
    ];
  }

  /** The database's clock in ms, without asking it again. Whole microseconds come back as they went in. */
  private now(): number {
    return Math.floor((this.locked.now + performance.now() - this.lockedAt) * 1000) / 1000;
  }
}

const headSql = ({ table }: RunRows) => `update ${table} set journal_seq = $3, status = $4,
    version = version + $5::int,
    ending = case when $6 then $7 else ending end,
    reason = case when $8 then $9 else reason end,
    started_at = case when $4 = 'Running' then coalesce(started_at, clock_timestamp())
      else started_at end,
    finished_at = case when $10 then clock_timestamp() else finished_at end
  where tenant_id = $1 and id = $2`;

// The run's own row first, as everywhere: rows are locked in the order in which they are named.
const lockSql = ({ table }: RunRows) => `select d.status, d.journal_seq as "journalSeq",
    d.subject_digest as "subjectDigest", r.pokes,
    (extract(epoch from clock_timestamp()) * 1000)::float8 as now
  from ${table} d join runs r on r.tenant_id = d.tenant_id and r.id = d.id
  where d.tenant_id = $1 and d.id = $2 and r.kind = $3 and r.fence = $4 for update of d, r`;

const JOURNAL_SQL = `insert into journal (tenant_id, run_kind, deployment_id, seq, at, plan_number,
    step_id, attempt, fence, kind, actor, data)
  select $1, $2, $3, entry.seq, to_timestamp(entry.at / 1000), entry."planNumber", entry."stepId",
    entry.attempt, $4, entry.kind, entry.actor, entry.data
  from jsonb_to_recordset($5::jsonb) as entry (seq int, at float8, "planNumber" int, "stepId" text,
    attempt int, kind text, actor text, data jsonb)`;
