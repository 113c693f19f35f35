/**
 * The audit trail against the journals, one to one: every deployment that was made, every verb that
 * was accepted, everything said of an approval, every wave that was moved, every gate that was passed and every
 * change of a status stands in it once, and nothing stands there that was not.
 */
import { gates } from '../../src/deployments/gates/gates.js';
import type { Entry } from '../support/journal-faults.js';
import type { World } from './world.js';

interface AuditRow {
  readonly id: string;
  readonly action: string;
  readonly body: {
    readonly number?: number;
    readonly previousStatus?: string;
    readonly status?: string;
    readonly requestNumber?: number;
    readonly plan?: number;
    readonly step?: string;
    readonly outcome?: 'passed' | 'refused';
  };
}

export async function auditFaults(
  world: World,
  journals: ReadonlyMap<string, readonly Entry[]>,
): Promise<string[]> {
  const rows = await world.rows<AuditRow>(
    `select subject_id as id, action, body_text::jsonb as body from audit_entries
     where subject_kind = 'deployment' and result <> 'denied' and action <> 'freeze-overridden'
     order by at, id`,
  );
  const audited = new Map<string, string[]>();
  for (const row of rows) audited.set(row.id, [...(audited.get(row.id) ?? []), factOf(row)]);
  const ids = new Set([...journals.keys(), ...audited.keys()]);
  return [...ids].flatMap((id) => {
    const journal = journals.get(id) ?? [];
    const happened = journal.flatMap(happenedIn);
    const said = without(audited.get(id) ?? [], journal.flatMap(refusedIn));
    return [
      ...without(happened, said).map((fact) => `I5 deployment ${id}: not audited: ${fact}`),
      ...without(said, happened).map((fact) => `I5 deployment ${id}: audited only: ${fact}`),
    ];
  });
}

function happenedIn({ kind, data, planNumber, stepId }: Entry): string[] {
  if (kind === 'created') return ['created'];
  if (kind === 'requested') return [`${String(data.verb)}-requested ${String(data.number)}`];
  if (kind === 'approval') return [`approval ${String(data.event)} ${String(data.requestNumber)}`];
  if (kind === 'step-succeeded') return movedOrPassed(`${planNumber} ${stepId}`);
  if (kind !== 'status-changed' && kind !== 'finished') return [];
  return [`${String(data.previousStatus)} became ${String(data.status)}`];
}

function movedOrPassed(step: string): string[] {
  if (/\.move$/.test(step)) return [`moved ${step}`];
  return gates.kinds.some((gate) => step.endsWith(`.${gate}`)) ? [`passed ${step}`] : [];
}

/** Of a step that failed only some were refused by their gate. */
const refusedIn = ({ kind, planNumber, stepId }: Entry) =>
  kind === 'step-failed' ? [`refused ${planNumber} ${stepId}`] : [];

function factOf({ action, body }: AuditRow): string {
  if (action.endsWith('-created')) return 'created';
  if (/^approvals?-/.test(action)) {
    return `approval ${action.replace(/^approvals?-/, '')} ${body.requestNumber}`;
  }
  if (action === 'deployment-wave-moved') return `moved ${body.plan} ${body.step}`;
  if (action === 'deployment-gate-judged') return `${body.outcome} ${body.plan} ${body.step}`;
  if (body.number !== undefined) return `${action} ${body.number}`;
  return `${body.previousStatus ?? 'nothing'} became ${body.status ?? 'nothing'}`;
}

/** What stands in the one list more often than in the other. */
function without(facts: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return facts.filter((fact) => {
    const at = left.indexOf(fact);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
