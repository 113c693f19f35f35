import { Inject, Injectable } from '@nestjs/common';
import type { CommitName } from '../../kernel/failpoint.js';
import { systemClock } from '../../kernel/clock.js';
import type { Registry } from '../../kernel/registry.js';
import { RoundRobin } from '../../kernel/round-robin.js';
import { KeyedMutex } from '../../kernel/keyed-mutex.js';
import type { Lease, LoadedRun, RunKey } from '../../engine/run.js';
import { emptyJournal, foldJournal } from '../../engine/journal.js';
import {
  Fenced,
  RunStore,
  type Release,
  type Renewed,
  type RunTransaction,
  type Sleep,
} from '../../engine/run-store.js';
import { Context, type OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { claimDue } from './claim-due.store.js';
import {
  leaseRun,
  releaseRun,
  renewLeases,
  retireRun,
  sleepRun,
  type LeaseRow,
} from './leases.store.js';
import { pickPlans, plansOf } from './plans.store.js';
import { RUN_ROWS, type RunRows } from './run-rows.js';
import { loadRow } from './run-table.store.js';
import { SqlRunTransaction } from './sql-run-transaction.js';

/**
 * Of a process's engine. More would only wait for connections and processors, in the order of asking:
 * a tenant's thousands would be in front of everybody else's one.
 */
const TRANSACTIONS_AT_ONCE = 4;

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

  async lease(key: RunKey, owner: string, leaseMs: number) {
    const rows = await this.clockwork('lease', (tx) => leaseRun(tx, key, { owner, leaseMs }));
    return rows[0] ? leaseOf(rows[0]) : null;
  }

  async claimDue(owner: string, leaseMs: number, limit: number): Promise<Lease[]> {
    const { kinds } = this.kinds;
    const rows = await this.clockwork('claim', (tx) =>
      claimDue(tx, { owner, leaseMs }, { limit, kinds }),
    );
    return rows.map(leaseOf);
  }

  async renew(owner: string, leases: readonly Lease[], leaseMs: number): Promise<Renewed> {
    const holder = { owner, leaseMs };
    const rows = await this.clockwork('renew', (tx) => renewLeases(tx, leases, holder));
    const idsOf = (renewed: boolean) =>
      new Set(rows.filter((row) => row.renewed === renewed).map(({ id }) => id));
    return { renewed: idsOf(true), busy: idsOf(false) };
  }

  load({ key, fence }: Lease, previous?: LoadedRun): Promise<LoadedRun> {
    const { tenantId, kind, id } = key;
    const { sql } = this.kinds.get(kind);
    return this.inTenant(tenantId, async (open) => {
      const { lastSeq: afterSeq, lastVerb: afterNumber } = previous?.journal ?? emptyJournal;
      const withPlans = previous === undefined;
      const asked = { tenantId, kind, id, fence, afterSeq, afterNumber, withPlans };
      const row = await loadRow(open, sql, asked);
      if (!row) throw new Fenced();
      const { status, ending, reason, gate, pokes, now } = row;
      const journal = foldJournal(row.entries ?? [], previous?.journal);
      const verbs = (row.verbs ?? []).filter(({ number }) => number > journal.lastVerb);
      const plans = row.plans
        ? pickPlans(row.plans, journal)
        : await plansOf(open, key, journal, previous!);
      return { key, status, ending, reason, ...plans, journal, verbs, gate, pokes, now };
    });
  }

  commit<T>(
    lease: Lease,
    { locksShared }: { locksShared: boolean },
    work: (tx: RunTransaction) => Promise<T>,
  ): Promise<T> {
    const { kind, tenantId } = lease.key;
    const rows = this.kinds.get(kind);
    const commit = () =>
      this.inTenant(tenantId, async (open) => {
        const tx = await SqlRunTransaction.begin(open, lease, { locksShared, rows });
        const result = await work(tx);
        await tx.flush();
        return result;
      });
    // They would wait for what they share, each with a connection that others need.
    return locksShared ? this.sharedMutex.run(`${kind} ${tenantId}`, commit) : commit();
  }

  async sleep(lease: Lease, { pokes }: LoadedRun, sleep: Sleep): Promise<boolean> {
    const rows = await this.clockwork('sleep', (tx) => sleepRun(tx, lease, pokes, sleep));
    if (rows.length > 0) this.kinds.get(lease.key.kind).changed(lease.key);
    return rows.length > 0;
  }

  async release(lease: Lease, release: Release): Promise<void> {
    await this.clockwork('release', (tx) => releaseRun(tx, lease, release));
    this.kinds.get(lease.key.kind).changed(lease.key);
  }

  async retire(lease: Lease): Promise<void> {
    await this.clockwork('release', (tx) => retireRun(tx, lease));
  }

  private inTenant<T>(tenantId: string, work: (open: OpenContext) => Promise<T>): Promise<T> {
    return this.roundRobin.run(tenantId, () =>
      this.database.transaction(Context.system(tenantId, 'engine'), work),
    );
  }

  /** Named when it has changed something: the due loop looks four times a second, mostly for nothing. */
  private clockwork<T extends number | unknown[]>(
    name: CommitName,
    work: (tx: SystemTransaction) => Promise<T>,
  ): Promise<T> {
    return this.database.system(async (tx) => {
      const changed = await work(tx);
      if ((typeof changed === 'number' ? changed : changed.length) > 0) tx.commitsAs(name);
      return changed;
    });
  }
}

function leaseOf({ kind, tenantId, id, fence, pokes, failures }: LeaseRow): Lease {
  return { key: { kind, tenantId, id }, fence, pokes, failures };
}
