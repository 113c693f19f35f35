/** What waits for people, newest first. Each row of the list is found by its partial index. */
import { environmentKey } from '../../../kernel/environment-key.js';
import { Permission } from '../../../kernel/permission.js';
import type { OpenContext } from '../../../platform/context.js';
import { inScopes, scopesText } from '../../../platform/database/in-scopes.js';
import { statement } from '../../../platform/database/statement.js';
import type { CameBy } from '../../deployments.store.js';
import { authorsOf } from '../policies/barred-persons.queries.js';
import type { ApprovalRule } from '../rule.js';
import type { PendingQuery } from './pending.dto.js';

export interface PendingRow {
  readonly id: string;
  readonly kind: CameBy;
  readonly module: string;
  readonly version: string;
  readonly environment: string;
  readonly cluster: string;
  readonly strategy: string;
  readonly number: number;
  readonly requestedBy: string;
  readonly requestedByPerson: string | null;
  readonly askedAt: Date;
  readonly deadlineAt: Date;
  readonly subjectDigest: string;
  readonly rules: readonly ApprovalRule[];
  readonly approvedBy: readonly string[];
}

interface Filter {
  readonly tenantId: string;
  readonly before: string | null;
  readonly environmentKey: string | null;
  readonly module: string | null;
  readonly scopes: string | null;
  readonly take: number;
}

const COLUMNS = `q.deployment_id as id, d.kind, m.name as module, r.version, e.name as environment,
  c.name as cluster, d.strategy, q.number, q.requested_by as "requestedBy",
  q.requested_by_person as "requestedByPerson", q.asked_at as "askedAt", q.deadline_at as "deadlineAt",
  q.subject_digest as "subjectDigest", q.rules,
  array(select s.actor from approval_decisions s
    where s.tenant_id = q.tenant_id and s.deployment_id = q.deployment_id
      and s.request_number = q.number and s.verb = 'approve' and s.voided_at is null
    order by s.id) as "approvedBy"`;

// The page is cut before what it shows is joined to it: a long list costs no more than a short one.
const pendingSql = (condition: string, more = '') => `
  with page as (
    select q.* from approval_requests q
    join environments e on e.tenant_id = q.tenant_id and e.id = q.environment_id
    join modules m on m.tenant_id = q.tenant_id and m.id = q.module_id
    where q.tenant_id = :tenantId and q.status = 'open'
      and (:before::uuid is null or q.deployment_id < :before)
      and (:environmentKey::text is null or e.name_key = :environmentKey)
      and (:module::text is null or m.name = :module)
      and ${inScopes({ module: 'm.name', environmentKey: 'e.name_key' })} and ${condition}
    order by q.deployment_id desc limit :take)
  select ${COLUMNS}${more} from page q
  join deployments d on d.tenant_id = q.tenant_id and d.id = q.deployment_id
  join releases r on r.tenant_id = q.tenant_id and r.id = d.release_id
  join environments e on e.tenant_id = q.tenant_id and e.id = q.environment_id
  join clusters c on c.tenant_id = q.tenant_id and c.id = q.cluster_id
  join modules m on m.tenant_id = q.tenant_id and m.id = q.module_id
  order by q.deployment_id desc`;

const ALL = statement<Filter, PendingRow>('approval-requests.pending', pendingSql('true'));

/** Where a list goes on. */
export interface Slice {
  readonly before: string | null;
  readonly take: number;
}

/** All that may be read. */
export function pendingRows(
  open: OpenContext,
  query: PendingQuery,
  slice: Slice,
): Promise<PendingRow[]> {
  return open.tx.query(ALL, filterOf(open, query, slice, Permission.ApprovalsRead));
}

function filterOf(
  open: OpenContext,
  { environment, module }: PendingQuery,
  slice: Slice,
  permission: Permission,
): Filter {
  return {
    tenantId: open.tenantId,
    environmentKey: environment === undefined ? null : environmentKey(environment),
    module: module ?? null,
    scopes: scopesText(open.scopesOf(permission)),
    ...slice,
  };
}

/** With what may bar the person who asks. */
export interface OwnRow extends PendingRow {
  readonly isReleaseAuthor: boolean;
  readonly isConfigurationEditor: boolean;
}

// Who decides is said by rule.ts alone; this only leaves out what it could never say yes to, so that whoever
// is asked seldom does not look through what others are asked.
const MINE = statement<
  Filter & {
    readonly personId: string;
    readonly groups: readonly string[];
    readonly roles: readonly string[];
  },
  OwnRow
>(
  'approval-requests.pending-of-person',
  pendingSql(
    `exists (
      select 1 from jsonb_array_elements(q.rules) as rule
      where rule ->> 'kind' = 'people'
        and (rule ->> 'policyId' is null or rule -> 'approvers' -> 'users' ? :personId::text
          or rule -> 'approvers' -> 'groups' ?| :groups::text[]
          or rule -> 'approvers' -> 'roles' ?| :roles::text[])
        and not (rule -> 'bars' ? 'requester'
          and q.requested_by_person is not distinct from :personId::uuid))
    and not exists (
      select 1 from approval_decisions s
      where s.tenant_id = q.tenant_id and s.deployment_id = q.deployment_id
        and s.request_number = q.number and s.person_id = :personId::uuid
        and s.verb in ('approve', 'reject') and s.voided_at is null)`,
    `, :personId::uuid = any(${authorsOf('releases', 'd.release_id')}) as "isReleaseAuthor",
      :personId::uuid = any(${authorsOf('configurations', 'd.configuration_id')})
        as "isConfigurationEditor"`,
  ),
);

/** Somebody, as rules may name them. */
export interface Asked {
  readonly personId: string;
  readonly groups: readonly string[];
  /** Names of all that they hold anywhere. */
  readonly roles: readonly string[];
}

/** Those among which are all that this person could decide. */
export function pendingRowsOf(
  open: OpenContext,
  asked: Asked,
  query: PendingQuery,
  slice: Slice,
): Promise<OwnRow[]> {
  const filter = filterOf(open, query, slice, Permission.ApprovalsDecide);
  return open.tx.query(MINE, { ...filter, ...asked });
}
