import { emptyJournal, foldEntry, type JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { RunStatus } from '../../engine/run.js';
import { progressOf } from '../../deployments/reads/plan-view.js';
import { waitingView, type PresentWait } from '../../deployments/reads/present-wait.js';
import type { FeedEvent } from './frame.js';
import type { DeploymentProgress } from './hub-messages.js';

const NO_PLAN: Plan = { role: 'forward', steps: [] };

/** Folds a journal entry by entry, so that each event says how far the deployment was then. */
export class Projection {
  private folded = emptyJournal;
  private status: RunStatus = 'Pending';
  private plans: ReadonlyMap<number, Plan> = new Map();
  private lastAt = 0;

  constructor(private readonly deploymentId: string) {}

  get sequence(): number {
    return this.folded.lastSeq;
  }

  /** Whether the entry speaks of a plan that has not been read yet. */
  needsPlans(entry: JournalEntry): boolean {
    return entry.planNumber > 0 && !this.plans.has(entry.planNumber);
  }

  usePlans(plans: ReadonlyMap<number, Plan>): void {
    this.plans = plans;
  }

  apply(entry: JournalEntry, waitingOn: PresentWait | null): FeedEvent {
    this.folded = foldEntry(this.folded, entry);
    this.lastAt = entry.at;
    const { data, seq: sequence } = entry;
    const { deploymentId } = this;
    if (entry.kind === 'approval') return approvalEvent(deploymentId, entry);
    if (!STATUS_KINDS.has(entry.kind)) return this.progress(waitingOn, entry.stepId);
    this.status = data.status as RunStatus;
    return {
      name: 'DeploymentStatusChanged',
      payload: {
        deploymentId,
        sequence,
        status: this.status,
        previousStatus: (data.previousStatus as RunStatus | null | undefined) ?? null,
        at: new Date(entry.at).toISOString(),
      },
    };
  }

  /** How far it is now: for what changes without an entry. */
  progress(waitingOn: PresentWait | null, stepId: string | null = null): FeedEvent {
    const plan = this.plans.get(this.folded.planNumber) ?? NO_PLAN;
    const { step, wave, percent } = progressOf(plan, this.folded, this.status);
    const payload: DeploymentProgress = {
      deploymentId: this.deploymentId,
      sequence: this.sequence,
      step: stepId ?? step,
      wave,
      percent,
      waitingOn: waitingOn && waitingView(waitingOn),
      at: new Date(this.lastAt).toISOString(),
    };
    return { name: 'DeploymentProgress', payload };
  }
}

function approvalEvent(
  deploymentId: string,
  { seq: sequence, at, actor, data }: JournalEntry,
): FeedEvent {
  const about = {
    deploymentId,
    sequence,
    requestNumber: Number(data.requestNumber),
    subjectDigest: String(data.subjectDigest),
    at: new Date(at).toISOString(),
  };
  if (data.event === 'requested') {
    const { deadlineAt, rules } = data as { deadlineAt: string; rules: readonly string[] };
    return { name: 'ApprovalRequested', payload: { ...about, deadlineAt, rules } };
  }
  const { event, reason, comment } = data as { event: string; reason?: string; comment?: string };
  const why = reason ?? comment ?? null;
  return {
    name: 'ApprovalDecided',
    payload: { ...about, decision: event, by: actor, reason: why },
  };
}

const STATUS_KINDS: ReadonlySet<string> = new Set(['created', 'status-changed', 'finished']);
