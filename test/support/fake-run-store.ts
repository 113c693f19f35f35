/**
 * Runs in memory, for simulations of the engine: the same promises as SqlRunStore, checked by the
 * same conformance suite. It can die between two writes, and forget to fence, so that tests can
 * show what those defences are for.
 */
import { deploymentStates } from '../../src/deployments/deployment.states.js';
import { foldJournal, type JournalEntry } from '../../src/engine/journal.js';
import type { Plan } from '../../src/engine/plan.js';
import type { Lease, LoadedRun, RunKey, AskedVerb, WaitingOn } from '../../src/engine/run.js';
import {
  Fenced,
  RunStore,
  type NewEntry,
  type Release,
  type Renewed,
  type RunTransaction,
  type Sleep,
  type StatusChange,
} from '../../src/engine/run-store.js';
import { assert } from '../../src/kernel/assert.js';
import { ManualClock } from '../../src/kernel/clock.js';
import { DomainError } from '../../src/kernel/errors.js';
import { newId } from '../../src/kernel/ids.js';
import { limits } from '../../src/kernel/limits.js';
import { Context, OpenContext } from '../../src/platform/context.js';
import type { Transaction } from '../../src/platform/database/transaction.js';
import { quietEvents } from './quiet-events.js';

export interface FakeRun {
  key: RunKey;
  status: LoadedRun['status'];
  ending: LoadedRun['ending'];
  reason: string | null;
  lane: 'normal' | 'rollback';
  wakeAt: number | null;
  owner: string | null;
  leaseUntil: number | null;
  fence: number;
  pokes: number;
  failures: number;
  pollsGate: boolean;
  gate: LoadedRun['gate'];
  waitingOn: WaitingOn | null;
  entries: JournalEntry[];
  plans: Plan[];
  verbs: AskedVerb[];
}

/** The process is gone: nothing that it still tries reaches the store. */
export class Crash extends DomainError {
  constructor() {
    super('unavailable', 'crash', 'the process has crashed');
  }
}

export interface CrashPoint {
  /** The how-manieth write it is, from 1. */
  readonly write: number;
  readonly when: 'before' | 'after';
}

export class FakeRunStore extends RunStore {
  readonly runs = new Map<string, FakeRun>();
  /** What handlers did inside committed transactions, in order. */
  readonly effects: string[] = [];
  writes = 0;
  crashAt: CrashPoint | undefined;
  isDead = false;
  private readonly locks = new Map<string, Promise<unknown>>();

  constructor(
    readonly clock = new ManualClock(),
    private readonly options: { readonly fencing: boolean } = { fencing: true },
  ) {
    super();
  }

  add(plan: Plan, tenantId = newId(), kind = 'deployment'): RunKey {
    const key = { kind, tenantId, id: newId() };
    const now = this.clock.now();
    const entry = (seq: number, kind: JournalEntry['kind'], planNumber: number): JournalEntry => ({
      seq,
      at: now,
      planNumber,
      stepId: null,
      attempt: null,
      kind,
      actor: 'test',
      data: {},
    });
    this.runs.set(key.id, {
      key,
      status: 'Pending',
      ending: null,
      reason: null,
      lane: 'normal',
      wakeAt: now,
      owner: null,
      leaseUntil: null,
      fence: 0,
      pokes: 0,
      failures: 0,
      pollsGate: false,
      gate: null,
      waitingOn: null,
      verbs: [],
      plans: [plan],
      entries: [entry(1, 'created', 0), entry(2, 'planned', 1)],
    });
    return key;
  }

  run({ id }: RunKey): FakeRun {
    const run = this.runs.get(id);
    assert(run, `there is no run ${id}`);
    return run;
  }

  poke(key: RunKey): void {
    const run = this.run(key);
    if (run.wakeAt === null) return;
    Object.assign(run, { wakeAt: this.clock.now(), pokes: run.pokes + 1, pollsGate: false });
  }

  ask(key: RunKey, verb: AskedVerb['verb'], params: AskedVerb['params'] = {}): void {
    const { verbs } = this.run(key);
    verbs.push({ number: verbs.length + 1, verb, params, actor: 'olga', reason: null });
    this.poke(key);
  }

  /** The next process finds what the last one had committed. */
  revive(): void {
    this.isDead = false;
    this.crashAt = undefined;
    for (const run of this.runs.values()) Object.assign(run, { owner: null, leaseUntil: null });
  }

  async lease(key: RunKey, owner: string, leaseMs: number): Promise<Lease | null> {
    await this.mayAct(key);
    const run = this.runs.get(key.id);
    return run && run.wakeAt !== null && this.isFree(run) ? this.take(run, owner, leaseMs) : null;
  }

  async claimDue(owner: string, leaseMs: number, limit: number): Promise<Lease[]> {
    await this.mayAct();
    const now = this.clock.now();
    const due = [...this.runs.values()]
      .filter((run) => run.wakeAt !== null && run.wakeAt <= now && !run.pollsGate)
      .filter((run) => this.isFree(run) && !this.locks.has(run.key.id));
    return inFairOrder(due, limit).map((run) => this.take(run, owner, leaseMs));
  }

  async renew(owner: string, leases: readonly Lease[], leaseMs: number): Promise<Renewed> {
    await this.mayAct();
    const held = leases.filter((lease) => {
      const run = this.run(lease.key);
      return run.owner === owner && this.holds(run, lease);
    });
    const [busy, free] = [true, false].map((isBusy) =>
      held.filter(({ key }) => this.locks.has(key.id) === isBusy).map(({ key }) => key),
    );
    for (const key of free!) this.run(key).leaseUntil = this.clock.now() + leaseMs;
    const idsOf = (keys: readonly RunKey[]) => new Set(keys.map(({ id }) => id));
    return { renewed: idsOf(free!), busy: idsOf(busy!) };
  }

  async load(lease: Lease): Promise<LoadedRun> {
    await this.mayAct(lease.key);
    const run = this.run(lease.key);
    if (!this.holds(run, lease)) throw new Fenced();
    const journal = foldJournal(run.entries);
    const { key, status, ending, reason, gate, pokes } = run;
    const forward = run.plans[journal.planNumber - 1];
    assert(forward, 'a run has a plan');
    const undo = run.plans[(journal.undoPlanNumber ?? 0) - 1] ?? null;
    const verbs = run.verbs.filter(({ number }) => number > journal.lastVerb);
    const now = this.clock.now();
    return { key, status, ending, reason, forward, undo, journal, verbs, gate, pokes, now };
  }

  async commit<T>(
    lease: Lease,
    _options: { readonly locksShared: boolean },
    work: (tx: RunTransaction) => Promise<T>,
  ): Promise<T> {
    return this.locked(lease.key, () =>
      this.write(async () => {
        const run = this.run(lease.key);
        if (!this.holds(run, lease)) throw new Fenced();
        const tx = new FakeTransaction(draftOf(run), this.clock);
        const result = await work(tx);
        Object.assign(run, tx.draft);
        this.effects.push(...tx.effects);
        return result;
      }),
    );
  }

  async sleep(lease: Lease, { pokes }: LoadedRun, sleep: Sleep): Promise<boolean> {
    return this.write(async () => {
      const run = this.run(lease.key);
      if (!this.holds(run, lease) || run.pokes !== pokes) return false;
      layDown(run, sleep);
      return true;
    });
  }

  async release(lease: Lease, { delayMs, waitingOn, failures }: Release): Promise<void> {
    await this.mayAct();
    const run = this.run(lease.key);
    if (!this.holds(run, lease) || run.wakeAt === null) return;
    const since = this.clock.now();
    const isHurried = failures === 'forgotten' && run.pokes !== lease.pokes;
    const wakeAt = isHurried ? since : since + delayMs;
    const counts = { counted: run.failures + 1, kept: Math.max(run.failures, 1), forgotten: 0 };
    Object.assign(run, {
      wakeAt,
      owner: null,
      leaseUntil: null,
      pollsGate: false,
      failures: counts[failures],
      waitingOn: { ...waitingOn, since, until: since + delayMs },
    });
  }

  async retire(lease: Lease): Promise<void> {
    await this.mayAct();
    const run = this.run(lease.key);
    if (!this.holds(run, lease)) return;
    Object.assign(run, { wakeAt: null, waitingOn: null, owner: null, leaseUntil: null });
  }

  private take(run: FakeRun, owner: string, leaseMs: number): Lease {
    const fence = run.fence + 1;
    const failures = run.failures + (run.leaseUntil === null ? 0 : 1);
    Object.assign(run, { owner, fence, failures, leaseUntil: this.clock.now() + leaseMs });
    return { key: run.key, fence, pokes: run.pokes, failures };
  }

  private isFree({ leaseUntil }: FakeRun): boolean {
    return leaseUntil === null || leaseUntil < this.clock.now();
  }

  private holds(run: FakeRun, { fence }: Lease): boolean {
    return !this.options.fencing || run.fence === fence;
  }

  private async mayAct(key?: RunKey): Promise<void> {
    if (this.isDead) throw new Crash();
    if (key) await this.locks.get(key.id);
  }

  private async write<T>(work: () => Promise<T>): Promise<T> {
    if (this.isDead) throw new Crash();
    this.writes += 1;
    const isHere = this.crashAt?.write === this.writes;
    if (isHere && this.crashAt?.when === 'before') this.die();
    const result = await work();
    if (isHere) this.die();
    return result;
  }

  private die(): never {
    this.isDead = true;
    throw new Crash();
  }

  /** One transaction after the other, as a locked row makes them. */
  private async locked<T>({ id }: RunKey, work: () => Promise<T>): Promise<T> {
    while (this.locks.has(id)) await this.locks.get(id);
    const done = work().finally(() => this.locks.delete(id));
    this.locks.set(
      id,
      done.catch(() => undefined),
    );
    return done;
  }
}

function layDown(run: FakeRun, { until, waitingOn, pollsGate }: Sleep): void {
  Object.assign(run, { wakeAt: until, waitingOn, pollsGate, owner: null, leaseUntil: null });
  run.failures = 0;
}

/** As claimDueSql takes them: tenants by turns, rollbacks first on the places that are theirs. */
function inFairOrder(due: readonly FakeRun[], limit: number): FakeRun[] {
  const turns = new Map<string, number>();
  const oldestFirst = [...due].sort((a, b) => a.wakeAt! - b.wakeAt!);
  const ranked = oldestFirst.map((run) => {
    const whose = `${run.lane} ${run.key.tenantId}`;
    const turn = (turns.get(whose) ?? 0) + 1;
    turns.set(whose, turn);
    return { run, turn, back: run.lane === 'rollback' ? 0 : 1 };
  });
  // Stable: who has waited longer stays before the others of the same turn.
  const fair = ranked
    .filter(({ turn }) => turn <= limits.claimsPerTenant)
    .sort((a, b) => a.turn - b.turn || a.back - b.back);
  const reserved = fair
    .filter(({ back }) => back === 0)
    .slice(0, Math.ceil(limit * limits.rollbackShare));
  return [...new Set([...reserved, ...fair])].slice(0, limit).map(({ run }) => run);
}

/** Entries, plans and verbs are never changed, only added to: their lists are what is copied. */
function draftOf(run: FakeRun): FakeRun {
  const { entries, plans, verbs } = run;
  return { ...run, entries: [...entries], plans: [...plans], verbs: [...verbs] };
}

class FakeTransaction implements RunTransaction {
  readonly effects: string[] = [];
  readonly open: OpenContext;

  constructor(
    readonly draft: FakeRun,
    private readonly clock: ManualClock,
  ) {
    const tx = {
      execute: async (effect: string) => this.effects.push(effect),
      afterCommit: () => undefined,
    };
    const ctx = Context.system(draft.key.tenantId, 'engine');
    this.open = new OpenContext(ctx, tx as unknown as Transaction, quietEvents());
  }

  get status() {
    return this.draft.status;
  }

  get pokes() {
    return this.draft.pokes;
  }

  async append(entry: NewEntry): Promise<JournalEntry> {
    const { stepId = null, attempt = null, data = {}, ...rest } = entry;
    const seq = this.draft.entries.length + 1;
    const made = { seq, at: this.clock.now(), stepId, attempt, data, ...rest };
    this.draft.entries.push(made);
    return made;
  }

  async changeStatus(change: StatusChange, actor: string): Promise<JournalEntry> {
    const { draft } = this;
    const { status, reason, ending } = change;
    const previousStatus = draft.status;
    assert(deploymentStates.can(previousStatus, status), `no way to ${status}`);
    Object.assign(draft, { status, reason, gate: null, pollsGate: false });
    if (ending !== undefined) draft.ending = ending;
    if (status === 'RollingBack') draft.lane = 'rollback';
    const isOver = deploymentStates.isTerminal(status);
    if (isOver) {
      Object.assign(draft, { wakeAt: null, waitingOn: null, owner: null, leaseUntil: null });
    }
    return this.append({
      kind: isOver ? 'finished' : 'status-changed',
      planNumber: 0,
      actor,
      data: { status, previousStatus, ...(reason ? { reason } : {}) },
    });
  }

  async savePlan(plan: Plan): Promise<number> {
    return this.draft.plans.push(plan);
  }

  async newestVerb(): Promise<number> {
    return this.draft.verbs.at(-1)?.number ?? 0;
  }

  async sleep(sleep: Sleep): Promise<void> {
    layDown(this.draft, sleep);
  }
}
