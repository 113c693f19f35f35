import { Inject, Injectable } from '@nestjs/common';
import { assert } from '../../kernel/assert.js';
import type { CommitName } from '../../kernel/failpoint.js';
import { systemClock } from '../../kernel/clock.js';
import type { Registry } from '../../kernel/registry.js';
import { RoundRobin } from '../../kernel/round-robin.js';
import { KeyedMutex } from '../../kernel/keyed-mutex.js';
import type {
  Lease,
  LoadedRun,
  RunKey,
  RunSignal,
  RunStatus,
  UndoEnding,
} from '../../engine/run.js';
import {
  emptyJournal,
  foldJournal,
  type FoldedJournal,
  type JournalEntry,
} from '../../engine/journal.js';
import {
  Fenced,
  RunStore,
  type Release,
  type Renewed,
  type RunTransaction,
  type Sleep,
} from '../../engine/run-store.js';
import type { Plan } from '../../engine/plan.js';
import { Context, type OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { Transaction } from '../../platform/database/transaction.js';
import { SqlRunTransaction } from './sql-run-transaction.js';
import { claimDueSql } from './claim-due-sql.js';
import { RUN_ROWS, type RunRows } from './run-rows.js';
import { leaseSql, releaseSql, renewSql, retireSql, sleepSql } from './run-sql.js';

/**
 * Of a process's engine. More would only wait for connections and processors, in the order of asking:
 * a tenant's thousands would be in front of everybody else's one.
 */
const TRANSACTIONS_AT_ONCE = 4;

interface LeaseRow {
  readonly kind: string;
  readonly tenantId: string;
  readonly id: string;
  readonly fence: number;
  readonly pokes: number;
  readonly failures: number;
}

/** Runs in PostgreSQL. Leases and due times are the system's; everything else is the tenant's. */
@Injectable()
export class SqlRunStore extends RunStore {
  private readonly sharedMutex = new KeyedMutex();
  private readonly roundRobin = new RoundRobin(TRANSACTIONS_AT_ONCE, systemClock);

  constructor(
    private readonly database: Database,
    @Inject(RUN_ROWS) private readonly kinds: Registry<RunRows>,
  ) {
    super();
  }

  async lease(key: RunKey, owner: string, leaseMs: number): Promise<Lease | null> {
    const rows = await this.clockwork('lease', (tx) =>
      tx.query<LeaseRow>(leaseSql, [owner, leaseMs, key.tenantId, key.kind, key.id]),
    );
    return rows[0] ? leaseOf(rows[0]) : null;
  }

  async claimDue(owner: string, leaseMs: number, limit: number): Promise<Lease[]> {
    const rows = await this.clockwork('claim', (tx) =>
      tx.query<LeaseRow>(claimDueSql, [owner, leaseMs, limit, this.kinds.kinds]),
    );
    return rows.map(leaseOf);
  }

  async renew(owner: string, leases: readonly Lease[], leaseMs: number): Promise<Renewed> {
    const rows = await this.clockwork('renew', (tx) =>
      tx.query<{ id: string; renewed: boolean }>(renewSql, [
        owner,
        leaseMs,
        leases.map(({ key }) => key.tenantId),
        leases.map(({ key }) => key.id),
        leases.map(({ fence }) => fence),
        leases.map(({ key }) => key.kind),
      ]),
    );
    const idsOf = (renewed: boolean) =>
      new Set(rows.filter((row) => row.renewed === renewed).map(({ id }) => id));
    return { renewed: idsOf(true), busy: idsOf(false) };
  }

  load({ key, fence }: Lease, previous?: LoadedRun): Promise<LoadedRun> {
    return this.inTenant(key.tenantId, async (open) => {
      const { lastSeq, lastSignal } = previous?.journal ?? emptyJournal;
      const [head] = await open.tx.query<Head>(headSql(this.kinds.get(key.kind)), [
        key.tenantId,
        key.id,
        key.kind,
        fence,
        lastSeq,
        lastSignal,
        previous === undefined,
      ]);
      if (!head) throw new Fenced();
      const { status, ending, reason, gate, pokes, now } = head;
      const journal = foldJournal(head.entries ?? [], previous?.journal);
      const signals = (head.signals ?? []).filter(({ number }) => number > journal.lastSignal);
      const plans = head.plans
        ? pickPlans(head.plans, journal)
        : await plansOf(open, key, journal, previous!);
      return { key, status, ending, reason, ...plans, journal, signals, gate, pokes, now };
    });
  }

  commit<T>(
    { key, fence }: Lease,
    { locksShared }: { locksShared: boolean },
    work: (tx: RunTransaction) => Promise<T>,
  ): Promise<T> {
    const rows = this.kinds.get(key.kind);
    const commit = () =>
      this.inTenant(key.tenantId, async (open) => {
        const tx = await SqlRunTransaction.begin(open, key, fence, { locksShared, rows });
        const result = await work(tx);
        await tx.flush();
        return result;
      });
    // They would wait for what they share, each with a connection that others need.
    return locksShared ? this.sharedMutex.run(`${key.kind} ${key.tenantId}`, commit) : commit();
  }

  async sleep({ key, fence }: Lease, run: LoadedRun, sleep: Sleep): Promise<boolean> {
    const rows = await this.clockwork('sleep', (tx) =>
      tx.query(sleepSql, [
        key.tenantId,
        key.kind,
        key.id,
        fence,
        run.pokes,
        sleep.until,
        JSON.stringify(sleep.waitingOn),
        sleep.pollsGate,
      ]),
    );
    if (rows.length > 0) {
      this.kinds.get(key.kind).changed(key);
      return true;
    }
    return false;
  }

  async release({ key, fence, pokes }: Lease, release: Release): Promise<void> {
    const { delayMs, waitingOn, failures } = release;
    await this.clockwork('release', (tx) =>
      tx.execute(releaseSql, [
        key.tenantId,
        key.kind,
        key.id,
        fence,
        delayMs,
        JSON.stringify(waitingOn),
        failures,
        pokes,
      ]),
    );
    this.kinds.get(key.kind).changed(key);
  }

  async retire({ key, fence }: Lease): Promise<void> {
    await this.clockwork('release', (tx) =>
      tx.execute(retireSql, [key.tenantId, key.kind, key.id, fence]),
    );
  }

  private inTenant<T>(tenantId: string, work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.roundRobin.run(tenantId, () =>
      this.database.transaction(Context.system(tenantId, 'engine'), work),
    );
  }

  /** Named when it has changed something: the due loop looks four times a second, mostly for nothing. */
  private clockwork<T extends number | unknown[]>(
    name: CommitName,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.database.system(async (tx) => {
      const changed = await work(tx);
      if ((typeof changed === 'number' ? changed : changed.length) > 0) tx.commitsAs(name);
      return changed;
    });
  }
}

interface Head {
  readonly status: RunStatus;
  readonly ending: UndoEnding | null;
  readonly reason: string | null;
  readonly gate: LoadedRun['gate'];
  readonly pokes: number;
  readonly now: number;
  /** Null: none. */
  readonly entries: readonly JournalEntry[] | null;
  readonly signals: readonly RunSignal[] | null;
  /** Null: not asked for. */
  readonly plans: readonly PlanRow[] | null;
}

interface PlanRow {
  readonly number: number;
  readonly bodyText: string;
}

// One statement, one snapshot: a verb that is accepted meanwhile is in all of it or in none.
const headSql = ({ table }: RunRows) => `select d.status, d.ending, d.reason, r.pokes,
    case when r.gate is null then null else jsonb_build_object('stepId', r.gate->'stepId',
      'verdict', r.gate->'verdict', 'reason', r.gate->'reason', 'watchedMs', r.gate->'watchedMs') end as gate,
    (extract(epoch from clock_timestamp()) * 1000)::float8 as now,
    (select json_agg(entry order by seq) from (
       select seq, (extract(epoch from at) * 1000)::float8 as at, plan_number as "planNumber",
         step_id as "stepId", attempt, kind, actor, data
       from journal where tenant_id = $1 and run_kind = $3 and deployment_id = $2 and seq > $5) as entry) as entries,
    (select json_agg(signal order by number) from (
       select number, verb, params, actor, reason
       from signals where tenant_id = $1 and run_kind = $3 and deployment_id = $2 and number > $6) as signal) as signals,
    case when $7 then (select json_agg(json_build_object('number', number, 'bodyText', body_text))
       from plans where tenant_id = $1 and run_kind = $3 and deployment_id = $2) end as plans
  from ${table} d join runs r on r.tenant_id = d.tenant_id and r.kind = $3 and r.id = d.id
  where d.tenant_id = $1 and d.id = $2 and r.fence = $4`;

const PLANS_SQL = `select number, body_text as "bodyText" from plans
  where tenant_id = $1 and run_kind = $2 and deployment_id = $3 and number = any($4)`;

type Plans = Pick<LoadedRun, 'forward' | 'undo'>;

/** A stored plan never changes: only what `previous` does not have is read. */
async function plansOf(
  open: OpenContext,
  { kind, id }: RunKey,
  journal: FoldedJournal,
  previous: LoadedRun,
): Promise<Plans> {
  const { planNumber, undoPlanNumber } = journal;
  const isKnown =
    previous.journal.planNumber === planNumber &&
    previous.journal.undoPlanNumber === undoPlanNumber;
  if (isKnown) return { forward: previous.forward, undo: previous.undo };
  const numbers = [planNumber, undoPlanNumber ?? -1];
  const rows = await open.tx.query<PlanRow>(PLANS_SQL, [open.tenantId, kind, id, numbers]);
  return pickPlans(rows, journal);
}

function pickPlans(rows: readonly PlanRow[], { planNumber, undoPlanNumber }: FoldedJournal): Plans {
  const plan = (number: number | null) => {
    const row = rows.find((each) => each.number === number);
    return row ? (JSON.parse(row.bodyText) as Plan) : null;
  };
  const forward = plan(planNumber);
  assert(forward, `there is no plan ${planNumber}`);
  return { forward, undo: plan(undoPlanNumber) };
}

function leaseOf({ kind, tenantId, id, fence, pokes, failures }: LeaseRow): Lease {
  return { key: { kind, tenantId, id }, fence, pokes, failures };
}
