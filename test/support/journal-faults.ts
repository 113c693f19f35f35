/**
 * What is wrong with the journal of a deployment that is over, in sentences that name the invariant;
 * nothing when all is well.
 */
import { deploymentStates } from '../../src/deployments/deployment.states.js';
import type { JournalKind } from '../../src/engine/journal.js';
import type { RunStatus } from '../../src/engine/run.js';

export interface Entry {
  readonly seq: number;
  readonly at: Date;
  readonly planNumber: number;
  readonly stepId: string | null;
  readonly attempt: number | null;
  readonly kind: JournalKind;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One sequence without gaps, statuses by the one table, each step ended once, one end. */
export function journalFaults(journal: readonly Entry[]): string[] {
  const faults: string[] = [];
  const gap = journal.findIndex(({ seq }, index) => seq !== index + 1);
  if (gap >= 0) faults.push(`I5 entry ${gap + 1} has the number ${journal[gap]!.seq}`);
  faults.push(...statusFaults(journal));
  const ends = journal.filter(({ kind }) => kind === 'finished').length;
  if (ends !== 1) faults.push(`I4 it is finished ${ends} times`);
  const last = journal.at(-1)?.kind;
  if (ends > 0 && last !== 'finished') faults.push(`I4 "${last}" comes after its end`);
  const steps = (kind: JournalKind) => journal.filter((entry) => entry.kind === kind);
  const succeeded = journal.flatMap((entry, index) => {
    const { kind, planNumber, stepId } = entry;
    if (kind !== 'step-succeeded') return [];
    // A step that a later one has sent the run back to is done once more.
    const times = journal
      .slice(0, index)
      .filter(({ stepId: id, data }) => id === stepId && typeof data.insteadOf === 'string').length;
    return [`${planNumber}:${stepId}:${times}`];
  });
  for (const key of twice(succeeded)) faults.push(`I2 step ${key} succeeded twice`);
  // A step that begins anew (a watch after a pause) keeps its attempt.
  const started = steps('step-started')
    .filter(({ data }) => data.restarted !== true)
    .map((e) => `${e.planNumber}:${e.stepId}:${e.attempt}`);
  for (const key of twice(started)) faults.push(`I2 step ${key} was started twice`);
  // A verb that was accepted has been heard, even if there was nothing left to do for it.
  const numbers = (kind: JournalKind) => steps(kind).map(({ data }) => Number(data.number));
  const [requested, applied] = [numbers('requested'), numbers('applied')];
  // What was asked for after the cancel that ended it has nothing left to act on.
  const isCut = steps('applied').at(-1)?.data.verb === 'cancel';
  const heard = isCut ? requested.slice(0, applied.length) : requested;
  if (heard.join() !== applied.join()) {
    faults.push(`I1 verbs ${requested.join()} were accepted, ${applied.join()} applied`);
  }
  return faults;
}

function statusFaults(journal: readonly Entry[]): string[] {
  const faults: string[] = [];
  let status: RunStatus = deploymentStates.initial;
  for (const { kind, data } of journal) {
    if (kind !== 'status-changed' && kind !== 'finished') continue;
    const next = data.status as RunStatus;
    if (data.previousStatus !== status || !deploymentStates.can(status, next)) {
      faults.push(`I4 ${status} became ${next} (it says: from ${String(data.previousStatus)})`);
    }
    status = next;
  }
  return faults;
}

function twice(keys: readonly string[]): string[] {
  return keys.filter((key, index) => keys.indexOf(key) !== index);
}
