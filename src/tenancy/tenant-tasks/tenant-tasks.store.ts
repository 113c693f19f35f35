/** The table `tenant_tasks`: begun with a decision, and led to its end by the system's role. */
import type { TaskState } from '../../engine/task.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

export type TenantTaskKind = 'provision' | 'purge';

export interface TenantTask extends TaskState {
  readonly id: string;
  readonly tenantId: string;
  readonly slug: string;
  readonly kind: TenantTaskKind;
  readonly createdBy: string;
  /** Why it last failed. */
  readonly reason: string | null;
  /** Grows with every claim: whoever has an older one writes nothing. */
  readonly fence: number;
}

const insert = statement<
  {
    readonly tenantId: string;
    readonly id: string;
    readonly kind: string;
    readonly steps: readonly string[];
    readonly createdBy: string;
  },
  { readonly id: string }
>(
  'tenant-tasks.insert',
  `insert into tenant_tasks (tenant_id, id, kind, steps, created_by)
   values (:tenantId, :id, :kind, :steps, :createdBy)
   on conflict (tenant_id) where finished_at is null do nothing returning id`,
);

/** False: the tenant has one that is not over. */
export async function beginTask(
  open: OpenContext,
  kind: TenantTaskKind,
  steps: readonly string[],
): Promise<boolean> {
  const { tenantId, actor } = open;
  const task = { tenantId, id: newId(), kind, steps, createdBy: actor.name };
  return (await open.tx.first(insert, task)) !== undefined;
}

const findOpen = statement<{ readonly tenantId: string }, { readonly kind: TenantTaskKind }>(
  'tenant-tasks.find-open',
  'select kind from tenant_tasks where tenant_id = :tenantId and finished_at is null',
);

export async function openTaskOf(open: OpenContext): Promise<TenantTaskKind | undefined> {
  return (await open.tx.first(findOpen, { tenantId: open.tenantId }))?.kind;
}

const beginPurges = statement<{ readonly take: number }, { readonly id: string }>(
  'tenant-tasks.begin-purges',
  `update tenants set purge_began_at = clock_timestamp() where id in (
     select id from tenants where status = 'deleting' and purge_began_at is null
       and restorable_until <= clock_timestamp() limit :take for update skip locked)
   returning id`,
);

const insertPurges = statement<
  { readonly steps: readonly string[]; readonly take: number },
  { readonly tenantId: string }
>(
  'tenant-tasks.insert-purges',
  `insert into tenant_tasks (tenant_id, id, kind, steps, created_by)
   select t.id, gen_random_uuid(), 'purge', :steps, 'system:retention' from tenants t
   where t.status = 'deleting' and t.purge_began_at is not null and not exists (
     select 1 from tenant_tasks k where k.tenant_id = t.id and k.finished_at is null)
   limit :take
   on conflict (tenant_id) where finished_at is null do nothing
   returning tenant_id as "tenantId"`,
);

/** Of tenants whose time is over: from here on they do not come back. Answers how many. */
export async function beginDuePurges(
  tx: SystemTransaction,
  steps: readonly string[],
  take: number,
): Promise<number> {
  await tx.query(beginPurges, { take });
  return (await tx.query(insertPurges, { steps, take })).length;
}

const claim = statement<{ readonly take: number; readonly leaseMs: number }, TenantTask>(
  'tenant-tasks.claim',
  `update tenant_tasks k set fence = k.fence + 1,
     lease_until = clock_timestamp() + :leaseMs::double precision * interval '1 millisecond'
   from tenants t
   where t.id = k.tenant_id and (k.tenant_id, k.id) in (
     select tenant_id, id from tenant_tasks
     where finished_at is null and wake_at <= clock_timestamp()
       and (lease_until is null or lease_until <= clock_timestamp())
     order by wake_at limit :take for update skip locked)
   returning k.id, k.tenant_id as "tenantId", t.slug, k.kind, k.steps, k.reached, k.done,
     k.is_going_back as "isGoingBack", k.failures, k.created_by as "createdBy", k.reason, k.fence`,
);

/** Those that are due and that nobody is at. */
export function claimTasks(
  tx: SystemTransaction,
  take: number,
  leaseMs: number,
): Promise<TenantTask[]> {
  return tx.query(claim, { take, leaseMs });
}

type Held = Pick<TenantTask, 'tenantId' | 'id' | 'fence'>;

/** A line of a task's history. */
export interface TaskNote {
  readonly what: 'started' | 'done' | 'undone' | 'failed' | 'finished';
  readonly step: string | null;
  readonly message?: string;
}

export type Progress = {
  readonly reached: number;
  readonly done: number;
  readonly isGoingBack: boolean;
  readonly failures: number;
  readonly reason: string | null;
  readonly delayMs: number;
  readonly outcome: 'succeeded' | 'undone' | null;
};

const save = statement<
  Held &
    Progress & { readonly note: string | null; readonly kept: number; readonly leaseMs: number },
  { readonly fence: number }
>(
  'tenant-tasks.save',
  `update tenant_tasks set reached = :reached, done = :done, is_going_back = :isGoingBack,
     failures = :failures, reason = :reason,
     wake_at = clock_timestamp() + :delayMs::double precision * interval '1 millisecond',
     -- What waits belongs to nobody; what goes on stays where it is.
     lease_until = case when :delayMs::double precision = 0 and :outcome::text is null
       then clock_timestamp() + :leaseMs::double precision * interval '1 millisecond' end,
     outcome = :outcome,
     finished_at = case when :outcome::text is not null then clock_timestamp() end,
     journal = case when :note::text is null then journal else (
       select jsonb_agg(line order by place) from (
         select line, place from jsonb_array_elements(
           journal || (jsonb_build_object('at', clock_timestamp()) || :note::text::jsonb))
           with ordinality as e (line, place)
         order by place desc limit :kept) as newest) end
   where tenant_id = :tenantId and id = :id and fence = :fence and finished_at is null
   returning fence`,
);

/** False: somebody else has taken it over, or it is gone with its tenant. */
export async function saveTask(
  tx: SystemTransaction,
  { tenantId, id, fence }: Held,
  progress: Progress,
  note: TaskNote | null,
  leaseMs: number,
): Promise<boolean> {
  const saved = await tx.first(save, {
    tenantId,
    id,
    fence,
    ...progress,
    note: note && JSON.stringify(note),
    kept: limits.tenantTaskNotes,
    leaseMs,
  });
  return saved !== undefined;
}

const countOpen = statement<
  Record<never, never>,
  { readonly kind: string; readonly count: number }
>(
  'tenant-tasks.count-open',
  'select kind, count(*)::int as count from tenant_tasks where finished_at is null group by kind',
);

export function openTasks(
  tx: SystemTransaction,
): Promise<{ readonly kind: string; readonly count: number }[]> {
  return tx.query(countOpen);
}
