/** What messages say of a deployment, and what its journal says has become of it. */
import type { JournalEntry } from '../../../engine/journal.js';
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { ApprovalRule } from '../../../deployments/approvals/rule.js';
import { RUN_KIND } from '../../../deployments/runs/runs.store.js';

export interface RolloutFacts {
  readonly module: string;
  readonly version: string;
  readonly environment: string;
  readonly cluster: string;
  /** As the journal names them. */
  readonly requestedByName: string;
  /** The person behind it; null: nobody is known. */
  readonly requestedBy: string | null;
  /** Whether people were asked to approve it. */
  readonly isDecided: boolean;
}

type One = { readonly tenantId: string; readonly id: string };

const findRollout = statement<One, RolloutFacts>(
  'notifications.find-rollout',
  `select m.name as module, r.version, e.name as environment, c.name as cluster,
     d.requested_by as "requestedByName", d.requested_by_person as "requestedBy",
     exists (select 1 from approval_requests a
       where a.tenant_id = d.tenant_id and a.deployment_id = d.id) as "isDecided"
   from deployments d
   join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id
   join releases r on r.tenant_id = d.tenant_id and r.id = d.release_id
   join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
   join clusters c on c.tenant_id = d.tenant_id and c.id = d.cluster_id
   where d.tenant_id = :tenantId and d.id = :id`,
);

/** Undefined: there is no such deployment. */
export function rolloutFacts(open: OpenContext, id: string): Promise<RolloutFacts | undefined> {
  return open.tx.first(findRollout, { tenantId: open.tenantId, id });
}

export const STATUS_KINDS = ['status-changed', 'finished'] as const;

export type StatusEntry = Pick<JournalEntry, 'seq' | 'at' | 'actor' | 'data'>;

const findStatuses = statement<
  One & {
    readonly runKind: string;
    readonly kinds: readonly string[];
    readonly afterSeq: number;
    readonly upToSeq: number;
  },
  StatusEntry
>(
  'notifications.find-status-entries',
  `select seq, (extract(epoch from at) * 1000)::float8 as at, actor, data from journal
   where tenant_id = :tenantId and run_kind = :runKind and deployment_id = :id and seq > :afterSeq
     and seq <= :upToSeq and kind = any(:kinds::text[])
   order by seq`,
);

/** Where its status has changed: few, whatever the length of the journal. */
export function statusEntries(
  open: OpenContext,
  range: { readonly id: string; readonly afterSeq: number; readonly upToSeq: number },
): Promise<StatusEntry[]> {
  const { tenantId } = open;
  return open.tx.query(findStatuses, {
    ...range,
    tenantId,
    runKind: RUN_KIND,
    kinds: STATUS_KINDS,
  });
}

export interface OpenApproval {
  readonly askedAt: Date;
  readonly deadlineAt: Date;
  readonly rules: readonly ApprovalRule[];
  readonly requestedBy: string | null;
}

const findOpenApproval = statement<One & { readonly number: number }, OpenApproval>(
  'notifications.find-open-approval',
  `select a.asked_at as "askedAt", a.deadline_at as "deadlineAt", a.rules,
     a.requested_by_person as "requestedBy"
   from approval_requests a
   where a.tenant_id = :tenantId and a.deployment_id = :id and a.number = :number
     and a.status = 'open'`,
);

/** Undefined: it is decided, over, or asked anew under another number. */
export function openApproval(
  open: OpenContext,
  id: string,
  number: number,
): Promise<OpenApproval | undefined> {
  return open.tx.first(findOpenApproval, { tenantId: open.tenantId, id, number });
}

const findApprovers = statement<One & { readonly number: number }, { readonly id: string }>(
  'notifications.find-who-approved',
  `select distinct person_id as id from approval_decisions
   where tenant_id = :tenantId and deployment_id = :id and request_number = :number
     and verb = 'approve' and voided_at is null and person_id is not null`,
);

/** Who need not be reminded: ids of people. */
export async function whoApproved(
  open: OpenContext,
  id: string,
  number: number,
): Promise<ReadonlySet<string>> {
  const rows = await open.tx.query(findApprovers, { tenantId: open.tenantId, id, number });
  return new Set(rows.map((row) => row.id));
}
