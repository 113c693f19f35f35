/** What the journals of deployments say, for whoever reads. */
import type { JournalEntry } from '../../engine/journal.js';
import { limits } from '../../kernel/limits.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { Verdict } from '../gates/gate.js';
import { JOURNAL_COLUMNS } from '../runs/journal.store.js';
import { RUN_KIND } from '../runs/runs.store.js';

/** An entry of the deployment `id`. */
export interface DeploymentEntry extends JournalEntry {
  readonly id: string;
}

/** The entries of the deployment `id` above a sequence. */
export interface Wanted {
  readonly id: string;
  readonly after: number;
}

const AFTER = statement<
  {
    readonly tenantId: string;
    readonly kind: string;
    readonly ids: readonly string[];
    readonly afters: readonly number[];
    readonly limit: number;
  },
  DeploymentEntry
>(
  'journal.after',
  `select wanted.id, entry.*
   from unnest(:ids::uuid[], :afters::int[]) as wanted (id, after)
   cross join lateral (
     select ${JOURNAL_COLUMNS} from journal
     where tenant_id = :tenantId and run_kind = :kind and deployment_id = wanted.id
       and seq > wanted.after
     order by seq limit :limit) entry
   order by wanted.id, entry.seq`,
);

/** The next entries of each journal, so many of each; by deployment and sequence. */
export function entriesAfter(
  open: OpenContext,
  wanted: readonly Wanted[],
  limit: number,
): Promise<DeploymentEntry[]> {
  return open.tx.query(AFTER, {
    tenantId: open.tenantId,
    kind: RUN_KIND,
    ids: wanted.map(({ id }) => id),
    afters: wanted.map(({ after }) => after),
    limit,
  });
}

/** All of one; none when there is no such deployment. */
export function journalOf(open: OpenContext, id: string): Promise<DeploymentEntry[]> {
  return entriesAfter(open, [{ id, after: 0 }], limits.journalEntries);
}

/** The step that a deployment is at. */
export interface OpenStep {
  readonly stepId: string;
  readonly kind: string;
  /** Of its gate; null: it has none, or none that has been looked at. */
  readonly verdict: Verdict | null;
}

// Steps run one after the other, so the last one started is the only one that can be open.
const OPEN_STEP = statement<
  { readonly tenantId: string; readonly kind: string; readonly id: string },
  OpenStep
>(
  'journal.open-step',
  `select last.step_id as "stepId", last.data->>'kind' as kind,
     case when r.gate->>'stepId' = last.step_id then r.gate->>'verdict' end as verdict
   from (
     select step_id, plan_number, seq, data from journal
     where tenant_id = :tenantId and run_kind = :kind and deployment_id = :id
       and kind = 'step-started'
     order by seq desc limit 1) as last
   join runs r on r.tenant_id = :tenantId and r.kind = :kind and r.id = :id
   where not exists (
     select 1 from journal ended
     where ended.tenant_id = :tenantId and ended.run_kind = :kind and ended.deployment_id = :id
       and ended.seq > last.seq
       and ended.plan_number = last.plan_number and ended.step_id = last.step_id
       and ended.kind in ('step-succeeded', 'step-failed'))`,
);

export function openStep(open: OpenContext, id: string): Promise<OpenStep | undefined> {
  return open.tx.first(OPEN_STEP, { tenantId: open.tenantId, kind: RUN_KIND, id });
}
