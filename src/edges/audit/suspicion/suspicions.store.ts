/** The tables `suspicion_signals` and `suspicions`: what was noticed by the minute, and what was said of it. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

type Of = { readonly kind: string; readonly who: string };

const count = statement<
  Of & {
    readonly tenantId: string;
    readonly place: string;
    readonly times: number;
    readonly now: Date;
  }
>(
  'suspicion-signals.count',
  `insert into suspicion_signals as s (tenant_id, kind, who, place, minute, times)
   values (:tenantId, :kind, :who, :place, date_trunc('minute', :now::timestamptz), :times)
   on conflict (tenant_id, kind, who, minute, place) do update set times = s.times + excluded.times`,
);

export async function countSignal(
  open: OpenContext,
  signal: Of & { readonly place: string; readonly times: number; readonly now: Date },
): Promise<void> {
  await open.tx.execute(count, { ...signal, tenantId: open.tenantId });
}

const sum = statement<
  Of & { readonly tenantId: string; readonly since: Date },
  { readonly times: number; readonly places: number }
>(
  'suspicion-signals.sum',
  `select coalesce(sum(times), 0)::integer as times, count(distinct place)::integer as places
   from suspicion_signals
   where tenant_id = :tenantId and kind = :kind and who = :who and minute > :since`,
);

export async function signalsSince(
  open: OpenContext,
  of: Of & { readonly since: Date },
): Promise<{ readonly times: number; readonly places: number }> {
  return (await open.tx.first(sum, { ...of, tenantId: open.tenantId }))!;
}

const detect = statement<
  Of & { readonly tenantId: string; readonly now: Date; readonly since: Date },
  { readonly kind: string }
>(
  'suspicions.detect',
  `insert into suspicions as s (tenant_id, kind, who, detected_at) values (:tenantId, :kind, :who, :now)
   on conflict (tenant_id, kind, who) do update set detected_at = excluded.detected_at
     where s.detected_at <= :since
   returning kind`,
);

/** False: it was said in this window. */
export async function isNewSuspicion(
  open: OpenContext,
  of: Of & { readonly now: Date; readonly since: Date },
): Promise<boolean> {
  return (await open.tx.first(detect, { ...of, tenantId: open.tenantId })) !== undefined;
}

const forgetSignals = statement<{ readonly before: Date }>(
  'suspicion-signals.forget',
  'delete from suspicion_signals where minute < :before',
);
const forgetSuspicions = statement<{ readonly before: Date }>(
  'suspicions.forget',
  'delete from suspicions where detected_at < :before',
);

export async function forgetSignalsBefore(tx: SystemTransaction, before: Date): Promise<void> {
  await tx.execute(forgetSignals, { before });
  await tx.execute(forgetSuspicions, { before });
}
