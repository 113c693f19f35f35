/** The table `plans`: what a run has been planned to do. A stored plan never changes. */
import { assert } from '../../kernel/assert.js';
import { digestOf } from '../../kernel/digest.js';
import type { FoldedJournal } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import type { LoadedRun, RunKey } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { NamedRun } from './runs.store.js';

export type PlanRow = { readonly number: number; readonly bodyText: string };

/**
 * The first plan, for the statement that opens a run. Fragment: :tenantId, :kind, :id, :planText,
 * :planDigest, :subjectDigest, :factsText.
 */
export const FIRST_PLAN = `insert into plans (tenant_id, run_kind, deployment_id, number, role,
    body_text, plan_digest, subject_digest, facts_text)
  values (:tenantId, :kind, :id, 1, 'forward', :planText, :planDigest, :subjectDigest, :factsText)`;

/** All plans of a run as one JSON value; null: it has none. Fragment: :tenantId, :kind, :id. */
export const ALL_PLANS = `(select json_agg(json_build_object('number', number, 'bodyText', body_text))
  from plans where tenant_id = :tenantId and run_kind = :kind and deployment_id = :id)`;

const readPlans = statement<NamedRun & { readonly numbers: readonly number[] }, PlanRow>(
  'plans.read',
  `select number, body_text as "bodyText" from plans
   where tenant_id = :tenantId and run_kind = :kind and deployment_id = :id
     and number = any(:numbers::int[])`,
);

const addPlan = statement<
  NamedRun & {
    readonly role: string;
    readonly bodyText: string;
    readonly planDigest: string;
    readonly subjectDigest: string;
    readonly factsText: string;
  },
  { readonly number: number }
>(
  'plans.add',
  `insert into plans (tenant_id, run_kind, deployment_id, number, role, body_text, plan_digest,
     subject_digest, facts_text)
   select :tenantId, :kind, :id, coalesce(max(number), 0) + 1, :role, :bodyText, :planDigest,
     :subjectDigest, :factsText
   from plans where tenant_id = :tenantId and run_kind = :kind and deployment_id = :id
   returning number`,
);

export interface NewPlan {
  readonly plan: Plan;
  /** Of what is being done, whatever the plan. */
  readonly subjectDigest: string;
  readonly factsText: string;
}

/** Returns its number. The caller has locked the run. */
export async function savePlan(
  open: OpenContext,
  { tenantId, kind, id }: RunKey,
  { plan, subjectDigest, factsText }: NewPlan,
): Promise<number> {
  const { text: bodyText, digest: planDigest } = digestOf('plan', plan);
  const { role } = plan;
  const about = { role, bodyText, planDigest, subjectDigest, factsText };
  const row = await open.tx.first(addPlan, { tenantId, kind, id, ...about });
  return row!.number;
}

export type Plans = Pick<LoadedRun, 'forward' | 'undo'>;

/** Only what `previous` does not have is read. */
export async function plansOf(
  open: OpenContext,
  { tenantId, kind, id }: RunKey,
  journal: FoldedJournal,
  previous: LoadedRun,
): Promise<Plans> {
  const { planNumber, undoPlanNumber } = journal;
  const isKnown =
    previous.journal.planNumber === planNumber &&
    previous.journal.undoPlanNumber === undoPlanNumber;
  if (isKnown) return { forward: previous.forward, undo: previous.undo };
  const numbers = [planNumber, undoPlanNumber ?? -1];
  return pickPlans(await open.tx.query(readPlans, { tenantId, kind, id, numbers }), journal);
}

/** Those that the journal says are in force. */
export function pickPlans(
  rows: readonly PlanRow[],
  { planNumber, undoPlanNumber }: Pick<FoldedJournal, 'planNumber' | 'undoPlanNumber'>,
): Plans {
  const plan = (number: number | null) => {
    const row = rows.find((each) => each.number === number);
    return row ? (JSON.parse(row.bodyText) as Plan) : null;
  };
  const forward = plan(planNumber);
  assert(forward, `there is no plan ${planNumber}`);
  return { forward, undo: plan(undoPlanNumber) };
}
