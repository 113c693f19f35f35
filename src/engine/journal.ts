/**
 * The append-only record of what the engine did for one run, and its folded form. `decide` reads
 * only the folded form; polls and waits are never journalled, so it stays short.
 */
export type JournalKind =
  | 'created'
  | 'planned'
  | 'replanned'
  | 'requested'
  | 'applied'
  | 'status-changed'
  | 'step-started'
  | 'step-succeeded'
  | 'step-failed'
  | 'step-note'
  /** What people decide, or are asked to: for whoever follows; nothing is folded from it. */
  | 'approval'
  | 'undo-planned'
  | 'finished';

export interface JournalEntry {
  readonly seq: number;
  /** Milliseconds since the epoch, by the database's clock. */
  readonly at: number;
  readonly planNumber: number;
  readonly stepId: string | null;
  readonly attempt: number | null;
  readonly kind: JournalKind;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Whose doing it is that a rollout is taken back. Only a release's own counts against it later. */
export type Cause = 'release' | 'surroundings';

export interface StepRecord {
  readonly startedAt: number;
  /** Milliseconds of pause before it started; the difference to now does not count as its time. */
  readonly pausedMsBefore: number;
  readonly attempt: number;
  readonly status: 'started' | 'succeeded' | 'failed';
  readonly endedAt: number | null;
  readonly terminal: boolean;
  /** Of a failure that a step has seen in the release: its own doing. Absent: not that. */
  readonly cause?: Cause;
  /** Of a failure that is somebody's decision: whose. The run is rejected then, and has not failed. */
  readonly rejectedBy?: string;
  readonly message: string | null;
  readonly output: Readonly<Record<string, unknown>>;
}

/** What a person has found out about hooks that were cut off. */
export interface ResumedWith {
  readonly outcome: 'done' | 'retry';
  /** The node that is meant; null: every one. */
  readonly node: string | null;
  readonly actor: string;
  readonly reason: string;
}

export interface FoldedJournal {
  readonly planNumber: number;
  readonly undoPlanNumber: number | null;
  /** By `<plan number>:<step id>`. */
  readonly steps: ReadonlyMap<string, StepRecord>;
  /** What steps noted on their way (a node was left out), oldest first. */
  readonly notes: readonly Readonly<Record<string, unknown>>[];
  readonly lastVerb: number;
  /** What came with the verb that let it go on, until a step has used it or it stops again. */
  readonly resumedWith: ResumedWith | null;
  readonly pausedSince: number | null;
  /** Since when somebody keeps its step from going on; null: nobody does. */
  readonly heldSince: number | null;
  /** Since when no step's time counts, for the one reason or the other. */
  readonly stoppedSince: number | null;
  /** Of pauses and holds that are over. Both at once count once. */
  readonly pausedMs: number;
  readonly lastSeq: number;
  /** When the newest entry was written; null: there is none. */
  readonly lastAt: number | null;
}

export const emptyJournal: FoldedJournal = {
  planNumber: 0,
  undoPlanNumber: null,
  steps: new Map(),
  notes: [],
  lastVerb: 0,
  resumedWith: null,
  pausedSince: null,
  heldSince: null,
  stoppedSince: null,
  pausedMs: 0,
  lastSeq: 0,
  lastAt: null,
};

export const stepKey = (planNumber: number, stepId: string) => `${planNumber}:${stepId}`;

/** `before`: the fold of all entries that came before these. */
export function foldJournal(
  entries: readonly JournalEntry[],
  before: FoldedJournal = emptyJournal,
): FoldedJournal {
  return entries.reduce(foldEntry, before);
}

export function foldEntry(folded: FoldedJournal, entry: JournalEntry): FoldedJournal {
  const next = { ...folded, lastSeq: entry.seq, lastAt: entry.at };
  switch (entry.kind) {
    case 'planned':
      return { ...next, planNumber: entry.planNumber };
    case 'replanned':
      return { ...next, planNumber: entry.planNumber, steps: carriedOver(folded, entry) };
    case 'undo-planned':
      return { ...next, undoPlanNumber: entry.planNumber, ...foldRelease(folded, entry) };
    case 'applied':
      return { ...next, lastVerb: Number(entry.data.number), ...foldAnswer(entry) };
    case 'step-note':
      return {
        ...next,
        notes: [...folded.notes, entry.data],
        ...(entry.data.answered === undefined ? {} : { resumedWith: null }),
        ...foldHold(folded, entry),
      };
    case 'status-changed':
      return { ...next, ...foldPause(folded, entry) };
    case 'step-started':
      return { ...next, steps: foldStep(folded, entry) };
    case 'step-succeeded':
    case 'step-failed':
      return { ...next, steps: foldStep(folded, entry), ...foldRelease(folded, entry) };
    default:
      return next;
  }
}

/** A new plan starts where the old one stood: checks that were passed are not asked again. */
function carriedOver(folded: FoldedJournal, entry: JournalEntry): Map<string, StepRecord> {
  const steps = new Map(folded.steps);
  const prefix = `${folded.planNumber}:`;
  for (const [key, record] of folded.steps) {
    if (!key.startsWith(prefix) || record.status !== 'succeeded') continue;
    steps.set(stepKey(entry.planNumber, key.slice(prefix.length)), record);
  }
  return steps;
}

function foldAnswer({ data, actor }: JournalEntry): Partial<FoldedJournal> {
  const { outcome, node = null, reason = '', ignored } = data;
  if (ignored !== undefined || (outcome !== 'done' && outcome !== 'retry')) return {};
  return { resumedWith: { outcome, node: node as string | null, actor, reason: String(reason) } };
}

function foldPause(folded: FoldedJournal, entry: JournalEntry): Partial<FoldedJournal> {
  if (entry.data.status === 'Paused') {
    return { ...foldClock(folded, { pausedSince: entry.at }, entry.at), resumedWith: null };
  }
  if (folded.pausedSince === null) return {};
  return foldClock(folded, { pausedSince: null }, entry.at);
}

function foldHold(folded: FoldedJournal, entry: JournalEntry): Partial<FoldedJournal> {
  if (entry.data.released === true) return foldRelease(folded, entry);
  if (entry.data.held === undefined || folded.heldSince !== null) return {};
  return foldClock(folded, { heldSince: entry.at }, entry.at);
}

/** What is held is one step: it has ended, or the run has turned back. */
function foldRelease(folded: FoldedJournal, { at }: JournalEntry): Partial<FoldedJournal> {
  return folded.heldSince === null ? {} : foldClock(folded, { heldSince: null }, at);
}

type Stops = Pick<FoldedJournal, 'pausedSince' | 'heldSince'>;

/** Time stands still as long as it is paused, or held, or both. */
function foldClock(
  folded: FoldedJournal,
  change: Partial<Stops>,
  at: number,
): Partial<FoldedJournal> {
  const { pausedSince, heldSince }: Stops = { ...folded, ...change };
  const { stoppedSince, pausedMs } = folded;
  if (pausedSince !== null || heldSince !== null) {
    return { ...change, stoppedSince: stoppedSince ?? at };
  }
  return { ...change, stoppedSince: null, pausedMs: pausedMs + (at - (stoppedSince ?? at)) };
}

function foldStep(folded: FoldedJournal, entry: JournalEntry): Map<string, StepRecord> {
  const key = stepKey(entry.planNumber, entry.stepId ?? '');
  // A step that begins anew has its whole budget again: what it took before does not count.
  const before = entry.data.restarted === true ? undefined : folded.steps.get(key);
  const record: StepRecord = {
    startedAt: before?.startedAt ?? entry.at,
    pausedMsBefore: before?.pausedMsBefore ?? folded.pausedMs,
    attempt: entry.attempt ?? before?.attempt ?? 1,
    status:
      entry.kind === 'step-started'
        ? 'started'
        : entry.kind === 'step-succeeded'
          ? 'succeeded'
          : 'failed',
    endedAt: entry.kind === 'step-started' ? null : entry.at,
    terminal: entry.data.terminal === true,
    ...(entry.data.cause === 'release' ? { cause: 'release' } : {}),
    ...(typeof entry.data.rejectedBy === 'string' ? { rejectedBy: entry.data.rejectedBy } : {}),
    message: typeof entry.data.message === 'string' ? entry.data.message : null,
    output: entry.kind === 'step-succeeded' ? entry.data : {},
  };
  const steps = new Map(folded.steps).set(key, record);
  // It has sent the run back to an earlier step, and begins anew after that.
  const { insteadOf } = entry.data;
  if (typeof insteadOf === 'string') steps.delete(stepKey(entry.planNumber, insteadOf));
  return steps;
}
