/** Which freezes may be in the way of a deployment, for the guard. */
import { environmentKey } from '../../kernel/environment-key.js';
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { FreezeFound } from './freeze.js';
import type { StartVerb } from './start-guards.js';

export interface FreezeQuestion {
  readonly environment: { readonly id: string; readonly name: string };
  readonly module: string;
  readonly verb: StartVerb;
  /** Ms since the epoch; null: the database's clock. */
  readonly now: number | null;
  /** Whose overrides count; null: nobody's. */
  readonly deploymentId: string | null;
}

type Asked = {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly environmentKey: string;
  readonly module: string;
  readonly verb: string;
  readonly now: number | null;
  readonly deploymentId: string | null;
};

export interface FreezeRow extends FreezeFound {
  /** When it was asked, in ms since the epoch. */
  readonly now: number;
}

// An override is of one deployment, and of the way back from it.
const IN_THE_WAY = statement<Asked, FreezeRow>(
  'freezes.in-the-way',
  `select f.id, f.name, f.kind, f.starts_at as "startsAt", f.ends_at as "endsAt", f.rule,
     f.local_start as "localStart", f.duration, f.time_zone as "timeZone",
     (extract(epoch from clock.at) * 1000)::float8 as now
   from (select coalesce(to_timestamp(:now::float8 / 1000), clock_timestamp()) as at) clock
   join freezes f on f.tenant_id = :tenantId and :verb = any(f.verbs)
     and f.starts_at <= clock.at and (f.ends_at is null or f.ends_at > clock.at)
     and (cardinality(f.environment_keys) = 0 or :environmentKey = any(f.environment_keys))
     and (cardinality(f.modules) = 0 or :module = any(f.modules))
     and (f.labels = '{}' or exists (select 1 from environments e
       where e.tenant_id = f.tenant_id and e.id = :environmentId and e.labels @> f.labels))
   where not exists (select 1 from freeze_overrides o
     where o.tenant_id = :tenantId and o.deployment_id in (:deploymentId::uuid,
       (select d.origin_id from deployments d
        where d.tenant_id = :tenantId and d.id = :deploymentId::uuid and d.lane = 'rollback')))
   order by f.id`,
);

/** Those that name the verb, count there and may be on; whether a recurring one is, its rule says. */
export function freezesInTheWay(open: OpenContext, asked: FreezeQuestion): Promise<FreezeRow[]> {
  const { environment, module, verb, now, deploymentId } = asked;
  return open.tx.query(IN_THE_WAY, {
    tenantId: open.tenantId,
    environmentId: environment.id,
    environmentKey: environmentKey(environment.name),
    module,
    verb,
    now,
    deploymentId,
  });
}
