/** What bears on whether a person could decide a request, or review what was started without it. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { authorsOf } from '../approvals/policies/barred-persons.queries.js';
import type { ApprovalRule } from '../approvals/rule.js';

export interface RequestFacts {
  readonly deploymentId: string;
  readonly number: number;
  readonly rules: readonly ApprovalRule[];
  readonly requestedByPerson: string | null;
  readonly isReleaseAuthor: boolean;
  readonly isConfigurationEditor: boolean;
  readonly hasDecided: boolean;
}

const FACTS = statement<
  {
    readonly tenantId: string;
    readonly personId: string;
    readonly deployments: readonly string[];
    readonly numbers: readonly number[];
  },
  RequestFacts
>(
  'attention.request-facts',
  `select q.deployment_id as "deploymentId", q.number, q.rules,
     q.requested_by_person as "requestedByPerson",
     :personId::uuid = any(${authorsOf('releases', 'd.release_id')}) as "isReleaseAuthor",
     :personId::uuid = any(${authorsOf('configurations', 'd.configuration_id')})
       as "isConfigurationEditor",
     exists (select 1 from approval_decisions s
       where s.tenant_id = q.tenant_id and s.deployment_id = q.deployment_id
         and s.request_number = q.number and s.person_id = :personId::uuid
         and s.verb in ('approve', 'reject') and s.voided_at is null) as "hasDecided"
   from unnest(:deployments::uuid[], :numbers::integer[]) as asked (id, number)
   join approval_requests q
     on q.tenant_id = :tenantId and q.deployment_id = asked.id and q.number = asked.number
   join deployments d on d.tenant_id = q.tenant_id and d.id = q.deployment_id`,
);

export function requestFacts(
  open: OpenContext,
  personId: string,
  asked: readonly { readonly deploymentId: string; readonly number: number }[],
): Promise<RequestFacts[]> {
  return open.tx.query(FACTS, {
    tenantId: open.tenantId,
    personId,
    deployments: asked.map(({ deploymentId }) => deploymentId),
    numbers: asked.map(({ number }) => number),
  });
}
