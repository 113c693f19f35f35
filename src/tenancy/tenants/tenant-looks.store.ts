/** The table `tenant_looks`: what has yet to be said in a tenant's audit log of who has looked into it. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';

type Look = {
  readonly tenantId: string;
  readonly personId: string;
  readonly kind: string;
};

const count = statement<
  Look & { readonly personName: string; readonly now: Date; readonly since: Date },
  { readonly told: number; readonly untold: number }
>(
  'tenant-looks.count',
  `insert into tenant_looks as l (tenant_id, person_id, kind, person_name, began_at, told, untold)
   values (:tenantId, :personId, :kind, :personName, :now, 1, 0)
   on conflict (tenant_id, person_id, kind) do update set
     person_name = excluded.person_name,
     told = case when l.began_at <= :since then l.untold + 1 else l.told end,
     untold = case when l.began_at <= :since then 0 else l.untold + 1 end,
     began_at = case when l.began_at <= :since then :now else l.began_at end
   returning told, untold`,
);

/** How many an entry has to tell now; 0: the last one is too new. */
export async function countLook(
  open: OpenContext,
  look: {
    readonly personId: string;
    readonly personName: string;
    readonly kind: string;
    readonly now: Date;
    readonly since: Date;
  },
): Promise<number> {
  const { told, untold } = (await open.tx.first(count, { tenantId: open.tenantId, ...look }))!;
  return untold === 0 ? told : 0;
}

export type DueLook = Look & { readonly personName: string };

const due = statement<{ readonly since: Date; readonly take: number }, DueLook>(
  'tenant-looks.due',
  `select tenant_id as "tenantId", person_id as "personId", kind, person_name as "personName"
   from tenant_looks where began_at <= :since and untold > 0 order by began_at limit :take`,
);

export function dueLooks(tx: SystemTransaction, since: Date, take: number): Promise<DueLook[]> {
  return tx.query(due, { since, take });
}

const close = statement<
  Look & { readonly now: Date; readonly since: Date },
  { readonly told: number }
>(
  'tenant-looks.close',
  `update tenant_looks set told = untold, untold = 0, began_at = :now
   where tenant_id = :tenantId and person_id = :personId and kind = :kind
     and began_at <= :since and untold > 0
   returning told`,
);

/** Those that no entry has told; 0: somebody else has done it. */
export async function closeLooks(
  open: OpenContext,
  { personId, kind }: DueLook,
  times: { readonly now: Date; readonly since: Date },
): Promise<number> {
  const { now, since } = times;
  const closed = await open.tx.first(close, {
    tenantId: open.tenantId,
    personId,
    kind,
    now,
    since,
  });
  return closed?.told ?? 0;
}

const forget = statement<{ readonly since: Date }>(
  'tenant-looks.forget',
  'delete from tenant_looks where began_at <= :since and untold = 0',
);

export async function forgetLooks(tx: SystemTransaction, since: Date): Promise<void> {
  await tx.execute(forget, { since });
}
