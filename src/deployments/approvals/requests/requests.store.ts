/** The table `approval_requests`: what people are asked. Whoever writes has the deployment's row locked. */
import { environmentKey } from '../../../kernel/environment-key.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { ApprovalRule } from '../rule.js';
import type { ApprovalRequest, RequestStatus } from './request.js';

type Named = { readonly tenantId: string; readonly deploymentId: string };
type Numbered = Named & { readonly number: number };

export const REQUEST_COLUMNS = `deployment_id as "deploymentId", number,
  environment_id as "environmentId", cluster_id as "clusterId", module_id as "moduleId",
  subject_digest as "subjectDigest", rules, status, requested_by as "requestedBy",
  requested_by_person as "requestedByPerson", asked_at as "askedAt", deadline_at as "deadlineAt",
  ended_at as "endedAt", ended_by as "endedBy", reason`;

const LAST = statement<Named, ApprovalRequest>(
  'approval-requests.last',
  `select ${REQUEST_COLUMNS} from approval_requests
   where tenant_id = :tenantId and deployment_id = :deploymentId order by number desc limit 1`,
);

/** The one that counts; undefined: nobody was asked yet. */
export function lastRequest(
  open: OpenContext,
  deploymentId: string,
): Promise<ApprovalRequest | undefined> {
  return open.tx.first(LAST, { tenantId: open.tenantId, deploymentId });
}

export interface NewRequest {
  readonly deploymentId: string;
  readonly number: number;
  readonly subjectDigest: string;
  readonly rules: readonly ApprovalRule[];
  readonly timeoutMs: number;
}

const ADD = statement<
  Numbered & {
    readonly subjectDigest: string;
    /** JSON. */
    readonly rules: string;
    readonly timeoutMs: number;
  },
  ApprovalRequest
>(
  'approval-requests.add',
  `insert into approval_requests (tenant_id, deployment_id, number, environment_id, cluster_id,
     module_id, subject_digest, rules, status, requested_by, requested_by_person, asked_at, deadline_at)
   select d.tenant_id, d.id, :number, d.environment_id, d.cluster_id, d.module_id, :subjectDigest,
     :rules::jsonb, 'open', d.requested_by, d.requested_by_person, asked.at,
     asked.at + :timeoutMs::float8 * interval '1 millisecond'
   from deployments d, (select clock_timestamp() as at) asked
   where d.tenant_id = :tenantId and d.id = :deploymentId
   returning ${REQUEST_COLUMNS}`,
);

/** Open from now on, in the name of whoever asked for the deployment. */
export async function addRequest(open: OpenContext, added: NewRequest): Promise<ApprovalRequest> {
  const { rules, ...rest } = added;
  const given = { tenantId: open.tenantId, ...rest, rules: JSON.stringify(rules) };
  return (await open.tx.first(ADD, given))!;
}

const CHANGE = statement<
  Numbered & {
    readonly from: readonly RequestStatus[];
    readonly status: RequestStatus;
    readonly endedBy: string | null;
    readonly reason: string | null;
  }
>(
  'approval-requests.change',
  `update approval_requests set status = :status, ended_by = :endedBy::text, reason = :reason::text,
     ended_at = case when :status = 'open' then null else clock_timestamp() end
   where tenant_id = :tenantId and deployment_id = :deploymentId and number = :number
     and status = any(:from::text[])`,
);

export interface RequestChange {
  readonly from: readonly RequestStatus[];
  readonly status: RequestStatus;
  readonly by: string | null;
  readonly reason: string | null;
}

/** False: it was in none of these statuses any more. */
export async function changeRequest(
  open: OpenContext,
  { deploymentId, number }: Pick<ApprovalRequest, 'deploymentId' | 'number'>,
  { by: endedBy, ...change }: RequestChange,
): Promise<boolean> {
  const named = { tenantId: open.tenantId, deploymentId, number };
  return (await open.tx.execute(CHANGE, { ...named, ...change, endedBy })) > 0;
}

const PRESENT_IN = statement<
  { readonly tenantId: string; readonly environmentKeys: readonly string[] | null },
  { readonly id: string }
>(
  'approval-requests.present-in-environments',
  `select r.deployment_id as id from approval_requests r
   join environments e on e.tenant_id = r.tenant_id and e.id = r.environment_id
   where r.tenant_id = :tenantId and r.status in ('open', 'granted')
     and (:environmentKeys::text[] is null or e.name_key = any(:environmentKeys))
   order by r.deployment_id`,
);

/** Deployments whose last request is open or granted; `environments` (names) null: everywhere. */
export async function presentRequestsIn(
  open: OpenContext,
  environments: readonly string[] | null,
): Promise<string[]> {
  const environmentKeys = environments && environments.map(environmentKey);
  const rows = await open.tx.query(PRESENT_IN, { tenantId: open.tenantId, environmentKeys });
  return rows.map(({ id }) => id);
}
