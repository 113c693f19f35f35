/** What deployments have been planned to do, for whoever reads. */
import type { Plan } from '../../engine/plan.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { RUN_KIND } from '../runs/runs.store.js';

interface StoredPlan {
  readonly id: string;
  readonly number: number;
  readonly role: Plan['role'];
  readonly planDigest: string;
  readonly bodyText: string;
}

/** A plan of the deployment `id`; a stored one never changes. */
export interface DeploymentPlan extends Omit<StoredPlan, 'bodyText'> {
  readonly plan: Plan;
}

const PLAN_COLUMNS = `deployment_id as id, number, role, plan_digest as "planDigest",
  body_text as "bodyText"`;

const OF_DEPLOYMENTS = statement<
  { readonly tenantId: string; readonly kind: string; readonly ids: readonly string[] },
  StoredPlan
>(
  'plans.of-deployments',
  `select ${PLAN_COLUMNS} from plans
   where tenant_id = :tenantId and run_kind = :kind and deployment_id = any(:ids::uuid[])
   order by deployment_id, number`,
);

/** All plans of each, by their numbers. */
export async function plansOf(
  open: OpenContext,
  ids: readonly string[],
): Promise<DeploymentPlan[]> {
  const { tenantId } = open;
  return (await open.tx.query(OF_DEPLOYMENTS, { tenantId, kind: RUN_KIND, ids })).map(planOf);
}

const LAST_FORWARD = statement<
  { readonly tenantId: string; readonly kind: string; readonly id: string },
  StoredPlan
>(
  'plans.last-forward',
  `select ${PLAN_COLUMNS} from plans
   where tenant_id = :tenantId and run_kind = :kind and deployment_id = :id and role = 'forward'
   order by number desc limit 1`,
);

/** By which it went forward at last. */
export async function lastForwardPlan(open: OpenContext, id: string): Promise<Plan | undefined> {
  const { tenantId } = open;
  const row = await open.tx.first(LAST_FORWARD, { tenantId, kind: RUN_KIND, id });
  return row && planOf(row).plan;
}

function planOf({ id, number, role, planDigest, bodyText }: StoredPlan): DeploymentPlan {
  return { id, number, role, planDigest, plan: JSON.parse(bodyText) as Plan };
}
