/** One store for all processes; and each process's own, faulty way to it. */
import type { Lease, LoadedRun, RunKey } from '../../src/engine/run.js';
import {
  RunStore,
  type Release,
  type Renewed,
  type RunTransaction,
  type Sleep,
} from '../../src/engine/run-store.js';
import { FakeRunStore, type FakeRun } from '../support/fake-run-store.js';
import type { Trace } from './violation.js';

interface OpenTransaction {
  readonly draft: FakeRun;
  readonly effects: (() => void)[];
}

/** It takes as long as all the rest: over a thousand seeds every kind of commit is among them. */
const COMPARED_EVERY = 4;

export class SimulatedStore extends FakeRunStore {
  trace!: Trace;
  onCommit: (run: FakeRun) => void = () => undefined;
  private readonly open = new Map<string, OpenTransaction>();
  private commits = 0;

  /** What a handler may change together with its journal entry. */
  transactionOf({ id }: RunKey): OpenTransaction {
    return this.open.get(id)!;
  }

  override async commit<T>(
    lease: Lease,
    options: { readonly locksShared: boolean },
    work: (tx: RunTransaction) => Promise<T>,
  ): Promise<T> {
    const { id } = lease.key;
    const run = this.run(lease.key);
    const effects: (() => void)[] = [];
    const result = await super.commit(lease, options, async (tx) => {
      const { draft } = tx as unknown as { draft: FakeRun };
      this.open.set(id, { draft, effects });
      try {
        return await work(tx);
      } finally {
        this.open.delete(id);
      }
    });
    if (run.fence !== lease.fence) {
      this.trace.violated('I4', `${id} was written with fence ${lease.fence}, it is ${run.fence}`);
    }
    for (const effect of effects) effect();
    this.onCommit(run);
    this.commits += 1;
    if (this.commits % COMPARED_EVERY === 0) await this.compare(lease, result);
    return result;
  }

  /** What the engine goes on with from memory must be what another one would read. */
  private async compare(lease: Lease, result: unknown): Promise<void> {
    if (typeof result !== 'object' || result === null || !('journal' in result)) return;
    const read = await super.load(lease);
    const [memory, store] = [result as LoadedRun, read].map(tellable);
    if (memory !== store) {
      this.trace.violated('memory', `${lease.key.id} in memory is ${memory}, stored is ${store}`);
    }
  }
}

function tellable({ journal, now: _, ...rest }: LoadedRun): string {
  return JSON.stringify({ ...rest, journal: { ...journal, steps: [...journal.steps] } });
}

/** What may happen between a process and the database, before and after each call. */
export interface Passage {
  pass(when: 'before' | 'after'): Promise<void>;
  readonly claims: boolean;
}

export class ProcessStore extends RunStore {
  constructor(
    private readonly store: SimulatedStore,
    private readonly passage: Passage,
  ) {
    super();
  }

  lease(key: RunKey, owner: string, leaseMs: number): Promise<Lease | null> {
    return this.call(() => this.store.lease(key, owner, leaseMs));
  }

  claimDue(owner: string, leaseMs: number, limit: number): Promise<Lease[]> {
    if (!this.passage.claims) return Promise.resolve([]);
    return this.call(() => this.store.claimDue(owner, leaseMs, limit));
  }

  renew(owner: string, leases: readonly Lease[], leaseMs: number): Promise<Renewed> {
    return this.call(() => this.store.renew(owner, leases, leaseMs));
  }

  load(lease: Lease): Promise<LoadedRun> {
    return this.call(() => this.store.load(lease));
  }

  commit<T>(
    lease: Lease,
    options: { readonly locksShared: boolean },
    work: (tx: RunTransaction) => Promise<T>,
  ): Promise<T> {
    return this.call(() => this.store.commit(lease, options, work));
  }

  sleep(lease: Lease, run: LoadedRun, sleep: Sleep): Promise<boolean> {
    return this.call(() => this.store.sleep(lease, run, sleep));
  }

  release(lease: Lease, release: Release): Promise<void> {
    return this.call(() => this.store.release(lease, release));
  }

  retire(lease: Lease): Promise<void> {
    return this.call(() => this.store.retire(lease));
  }

  private async call<T>(work: () => Promise<T>): Promise<T> {
    await this.passage.pass('before');
    const result = await work();
    await this.passage.pass('after');
    return result;
  }
}
