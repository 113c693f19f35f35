/** The invariants, checked after each committed transaction, from time to time, and at the end. */
import { deploymentStates } from '../../src/deployments/deployment.states.js';
import type { JournalEntry } from '../../src/engine/journal.js';
import { LEASE_MS } from '../../src/engine/lease-keeper.js';
import { movesOf } from '../../src/engine/plan.js';
import type { RunStatus } from '../../src/engine/run.js';
import type { FakeRun } from '../support/fake-run-store.js';
import { contentOf, type Fleet } from './fleet.js';
import type { Trace } from './violation.js';

/** What is given back after an error sleeps this long at most without saying on what it waits. */
const ERROR_DELAY_MS = 1_000;

interface Seen {
  status: RunStatus;
  fence: number;
  entries: string[];
  readonly succeeded: Set<string>;
  isHeld: boolean;
}

export class Checkers {
  private readonly seen = new Map<string, Seen>();
  private readonly atWork = new Set<Seen>();

  constructor(
    private readonly trace: Trace,
    private readonly fleet: Fleet,
    private readonly now: () => number,
  ) {}

  /** After each committed transaction of this run. */
  committed(run: FakeRun): void {
    const seen = this.seenOf(run);
    if (run.fence < seen.fence) this.trace.violated('I4', 'the fence fell');
    seen.fence = run.fence;
    const { entries } = run;
    const kept = seen.entries.length;
    const last = entries[kept - 1];
    if (entries.length < kept || (last && JSON.stringify(last) !== seen.entries[kept - 1])) {
      this.trace.violated('I5', 'the journal was written anew');
    }
    for (const [at, entry] of entries.entries()) {
      if (at < kept) continue;
      this.entry(seen, entry, at);
      seen.entries.push(JSON.stringify(entry));
    }
    if (seen.status !== run.status) {
      this.trace.violated('I5', `status ${run.status} is not what the journal says`);
    }
  }

  /** Between events. `isCalm`: no fault is left that could keep a lease. */
  moment(run: FakeRun, isCalm: boolean): void {
    const now = this.now();
    if (run.leaseUntil !== null) {
      if (run.leaseUntil > now + LEASE_MS) this.trace.violated('I8', 'a lease is too long');
      const isDue = run.wakeAt !== null && run.wakeAt <= now - LEASE_MS;
      if (isCalm && isDue && run.leaseUntil < now - 2 * LEASE_MS) {
        this.trace.violated('I8', `a lease of ${run.owner} ran out long ago and is still there`);
      }
    } else if (run.wakeAt !== null && run.wakeAt > now + ERROR_DELAY_MS && !run.waitingOn) {
      this.trace.violated('I1', 'a run sleeps and does not say on what it waits');
    }
  }

  /** When all runs are over and all nodes had time to do what they were told last. */
  end(run: FakeRun): void {
    const { status, leaseUntil, wakeAt } = run;
    if (leaseUntil !== null) this.trace.violated('I8', 'a finished run is still leased');
    if (wakeAt !== null) this.trace.violated('I4', `a finished run (${status}) is due again`);
    const applied = run.entries.filter(({ kind }) => kind === 'applied');
    const unapplied = run.verbs.length - applied.length;
    if (unapplied !== 0) this.trace.violated('I1', `${unapplied} verbs were lost`);
  }

  /** The moment a run ends: what do its nodes have to run now? */
  finished(run: FakeRun): void {
    const number = run.entries.filter(isForwardPlan).at(-1)?.planNumber ?? 1;
    const isUndone = run.entries.some(({ kind }) => kind === 'undo-planned');
    const isFull = ['RolledBack', 'Succeeded'].includes(run.status);
    const isTaken = isUndone && run.status === 'Cancelled';
    if (!isFull && !isTaken) return;
    const touched = new Map((run.plans[number - 1]?.steps ?? []).flatMap(movesOf).map(byNode));
    for (const [id, { to, name }] of touched) {
      const before = this.fleet.before.get(`${run.key.id}:${id}`);
      if (isUndone && before === undefined) continue;
      const wanted = isUndone ? before : contentOf(null, to);
      const { content } = this.fleet.node(id).desired;
      if (content === wanted) continue;
      const what = `${run.status}: ${name} shall run ${content}, not ${wanted}`;
      this.trace.violated('desired state', what);
    }
  }

  fleetAtEnd(): void {
    for (const { name, desired, running, state } of this.fleet.nodes.values()) {
      if (state === 'failed') continue;
      if (running === desired.content) continue;
      this.trace.violated(
        'desired state',
        `${name} runs ${running}, desired is ${desired.content}`,
      );
    }
  }

  private entry(seen: Seen, entry: JournalEntry, at: number): void {
    const { seq, kind, data, planNumber, stepId } = entry;
    if (seq !== at + 1) this.trace.violated('I5', `entry ${at + 1} has the number ${seq}`);
    if (deploymentStates.isTerminal(seen.status)) {
      this.trace.violated('I4', `"${kind}" was written after ${seen.status}`);
    }
    if (kind === 'status-changed' || kind === 'finished') {
      const next = data.status as RunStatus;
      if (data.previousStatus !== seen.status || !deploymentStates.can(seen.status, next)) {
        this.trace.violated('I4', `${seen.status} became ${next}`);
      }
      seen.status = next;
    }
    this.turn(seen, entry);
    this.hold(seen, entry);
    if (kind === 'step-succeeded') {
      const key = `${planNumber}:${stepId ?? ''}`;
      if (seen.succeeded.has(key)) this.trace.violated('I2', `${key} succeeded twice`);
      seen.succeeded.add(key);
    }
  }

  /** It is said once that a step is held, and once that it goes on or has ended. */
  private hold(seen: Seen, { kind, data }: JournalEntry): void {
    const isBegun = data.held !== undefined;
    if (kind === 'step-note' && (isBegun || data.released === true)) {
      if (isBegun === seen.isHeld) this.trace.violated('I5', `held twice, or released twice`);
      seen.isHeld = isBegun;
    }
    if (['step-succeeded', 'step-failed', 'undo-planned'].includes(kind)) seen.isHeld = false;
  }

  /** All runs of a simulation are for one module and cluster: one at a time moves its nodes. */
  private turn(seen: Seen, { kind, data }: JournalEntry): void {
    if (kind === 'finished') this.atWork.delete(seen);
    if (data.status !== 'Running' || data.previousStatus !== 'Pending') return;
    if (this.atWork.size > 0) this.trace.violated('slot', 'two runs are at work at the same time');
    this.atWork.add(seen);
  }

  private seenOf({ key, entries }: FakeRun): Seen {
    const known = this.seen.get(key.id);
    if (known) return known;
    const first = entries.slice(0, 2).map((entry) => JSON.stringify(entry));
    const made: Seen = {
      status: 'Pending',
      fence: 0,
      entries: first,
      succeeded: new Set(),
      isHeld: false,
    };
    this.seen.set(key.id, made);
    return made;
  }
}

const isForwardPlan = ({ kind }: JournalEntry) => kind === 'planned' || kind === 'replanned';

const byNode = (move: ReturnType<typeof movesOf>[number]) => [move.nodeId, move] as const;
