/** The table `audit_folds`: what has one entry for many times, and how many are yet to be told. */
import type { OpenContext } from '../../context.js';
import { statement } from '../../database/statement.js';
import type { SystemTransaction } from '../../database/transaction.js';

type FoldRow = {
  readonly actorKind: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly personId: string | null;
  readonly kind: string;
  readonly category: string;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string;
  readonly result: string;
  /** Without the count. */
  readonly body: string;
};

type Counted = FoldRow & {
  readonly tenantId: string;
  readonly times: number;
  readonly foldMs: number;
};

const count = statement<Counted, { readonly told: number; readonly untold: number }>(
  'audit-folds.count',
  `insert into audit_folds as f (tenant_id, actor_kind, actor_id, kind, actor_name, person_id, category,
     action, subject_kind, subject_id, result, body_text, began_at, due_at, told, untold)
   select :tenantId, :actorKind, :actorId, :kind, :actorName, :personId, :category, :action, :subjectKind,
     :subjectId, :result, :body, now.at, now.at + :foldMs * interval '1 ms', :times, 0
   from (select clock_timestamp() as at) now
   on conflict (tenant_id, actor_kind, actor_id, kind) do update set
     actor_name = excluded.actor_name,
     told = case when f.due_at <= excluded.began_at then f.untold + excluded.told else f.told end,
     untold = case when f.due_at <= excluded.began_at then 0 else f.untold + excluded.told end,
     subject_id = case when f.due_at <= excluded.began_at or f.untold = 0 then excluded.subject_id
       else f.subject_id end,
     body_text = case when f.due_at <= excluded.began_at or f.untold = 0 then excluded.body_text
       else f.body_text end,
     began_at = case when f.due_at <= excluded.began_at then excluded.began_at else f.began_at end,
     due_at = case when f.due_at <= excluded.began_at then excluded.due_at else f.due_at end
   returning told, untold`,
);

/** How many an entry has to tell now; 0: the last one is too new. */
export async function countFolded(
  open: OpenContext,
  row: FoldRow & { readonly times: number; readonly foldMs: number },
): Promise<number> {
  const { tenantId } = open;
  const { told, untold } = (await open.tx.first(count, { ...row, tenantId }))!;
  return untold === 0 ? told : 0;
}

export type DueFold = FoldRow & { readonly tenantId: string; readonly times: number };

const close = statement<{ readonly take: number }, DueFold>(
  'audit-folds.close',
  `update audit_folds f set told = f.untold, untold = 0, began_at = due.now,
     due_at = due.now + (f.due_at - f.began_at)
   from (select tenant_id, actor_kind, actor_id, kind, untold, (select clock_timestamp()) as now
     from audit_folds where untold > 0 and due_at <= (select clock_timestamp())
     order by due_at limit :take for update skip locked) due
   where f.tenant_id = due.tenant_id and f.actor_kind = due.actor_kind and f.actor_id = due.actor_id
     and f.kind = due.kind
   returning f.tenant_id as "tenantId", f.actor_kind as "actorKind", f.actor_id as "actorId",
     f.actor_name as "actorName", f.person_id as "personId", f.kind, f.category, f.action,
     f.subject_kind as "subjectKind", f.subject_id as "subjectId", f.result, f.body_text as body,
     due.untold as times`,
);

/** Those that no entry has told, in the transaction that tells them. */
export function dueFolds(tx: SystemTransaction, take: number): Promise<DueFold[]> {
  return tx.query(close, { take });
}

const forget = statement<{ readonly untold: number }>(
  'audit-folds.forget',
  `delete from audit_folds where untold = :untold and due_at <= (select clock_timestamp())`,
);

export async function forgetFolds(tx: SystemTransaction): Promise<void> {
  await tx.execute(forget, { untold: 0 });
}

const rename = statement<{
  readonly tenantId: string;
  readonly personId: string;
  readonly pseudonym: string;
  readonly names: readonly string[];
  readonly pattern: string;
}>(
  'audit-folds.rename',
  `update audit_folds set
     actor_name = case when person_id = :personId::uuid or actor_id = :personId::text
       or lower(actor_name) = any (:names) then :pseudonym else actor_name end,
     subject_id = case when lower(subject_id) = any (:names) then :pseudonym else subject_id end,
     body_text = regexp_replace(body_text, :pattern, to_json(:pseudonym::text)::text, 'gi')
   where tenant_id = :tenantId and (person_id = :personId::uuid or actor_id = :personId::text
     or lower(actor_name) = any (:names) or lower(subject_id) = any (:names) or body_text ~* :pattern)`,
);

/** What is yet to be told of a person is told of `pseudonym`. `names`: what they were called, in small letters. */
export async function renameInFolds(
  tx: SystemTransaction,
  {
    names,
    ...of
  }: {
    readonly tenantId: string;
    readonly personId: string;
    readonly pseudonym: string;
    readonly names: readonly string[];
  },
): Promise<void> {
  // Whole texts of the body; where there is no name, nothing is.
  const pattern = names.length === 0 ? '(?!)' : `"(?:${names.map(escaped).join('|')})"`;
  await tx.execute(rename, { ...of, names, pattern });
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
