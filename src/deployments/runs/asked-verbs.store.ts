/** The table `signals`: verbs that somebody has asked for, on their way to the holder of the lease. */
import type { RunKey } from '../../engine/run.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import { POKE, type NamedRun } from './runs.store.js';

/** As one JSON value, an AskedVerb each; null: none. Fragment: :tenantId, :kind, :id, :afterNumber. */
export const VERBS_AFTER = `(select json_agg(asked order by number) from (
    select number, verb, params, actor, reason from signals where tenant_id = :tenantId
      and run_kind = :kind and deployment_id = :id and number > :afterNumber) as asked)`;

const NEWEST = statement<NamedRun, { readonly number: number }>(
  'verbs.newest',
  `select coalesce(max(number), 0) as number from signals
   where tenant_id = :tenantId and run_kind = :kind and deployment_id = :id`,
);

/** 0: none. Of a run whose own row is locked: nobody asks for another one meanwhile. */
export async function newestVerb(
  open: OpenContext,
  { tenantId, kind, id }: RunKey,
): Promise<number> {
  return (await open.tx.first(NEWEST, { tenantId, kind, id }))!.number;
}

/** What was asked for last, and whether it has been applied. */
export const lastVerb = statement<
  NamedRun,
  {
    readonly number: number;
    readonly verb: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly applied: boolean;
  }
>(
  'verbs.last',
  `select s.number, s.verb, s.params, exists (
     select 1 from journal j where j.tenant_id = :tenantId and j.run_kind = :kind
       and j.deployment_id = :id and j.kind = 'applied'
       and (j.data->>'number')::int = s.number) as applied
   from signals s
   where s.tenant_id = :tenantId and s.run_kind = :kind and s.deployment_id = :id
   order by s.number desc limit 1`,
);

/** And nobody sleeps over it. The caller has the run's own row locked, and has counted. */
export const askVerb = statement<
  NamedRun & {
    readonly number: number;
    readonly verb: string;
    /** JSON. */
    readonly params: string;
    readonly actor: string;
    readonly reason: string | null;
  }
>(
  'verbs.ask',
  `with asked as (
     insert into signals (tenant_id, run_kind, deployment_id, number, verb, params, actor, reason)
     values (:tenantId, :kind, :id, :number, :verb, :params::jsonb, :actor, :reason))
   ${POKE}`,
);
