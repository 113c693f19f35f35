import { Injectable } from '@nestjs/common';
import { capacityChanged } from '../../fleet/capacity.events.js';
import { Config } from '../../platform/config/config.js';
import type { OpenContext } from '../../platform/context.js';
import { Events } from '../../platform/events/events.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { deploymentRun, pokeRun } from '../runs/runs.store.js';
import { capInTheWay, nextToLook, type Scope } from './admit.js';
import { lockCapacity } from './capacity-lock.js';

export interface Rollout {
  readonly id: string;
  readonly clusterId: string;
}

/**
 * How many rollouts may be in flight (Running, Paused, RollingBack) on a cluster, in an environment
 * and in a tenant. Counted from the deployments themselves under the tenant's capacity lock, so
 * nothing is taken that an ending could forget to give back. Rollbacks are not held back, and take
 * nobody's place.
 */
@Injectable()
export class Capacity {
  constructor(
    private readonly config: Config,
    private readonly wakeUp: WakeUp,
    events: Events,
  ) {
    events.hear(capacityChanged, (open, { subjectId }) => this.lookAgain(open, subjectId));
  }

  /** The cap that is in the way of one that would begin now; null: it begins. Needs the lock. */
  async admit(open: OpenContext, rollout: Rollout): Promise<Scope | null> {
    const scopes = await this.scopesOf(open, rollout);
    const cap = capInTheWay(scopes);
    await this.remember(open, rollout.id, cap);
    if (!cap) await this.wake(open, nextToLook(scopes, 1));
    return cap;
  }

  /** It waits for something else by now, or is over: its turn is the next one's. Needs the lock. */
  async passOn(open: OpenContext, rollout: Rollout): Promise<void> {
    await this.remember(open, rollout.id, null);
    await this.wake(open, nextToLook(await this.scopesOf(open, rollout), 0));
  }

  /** A cap is another one: who waits longest looks, and wakes the next while there is room. */
  private async lookAgain(open: OpenContext, scopeId: string): Promise<void> {
    await lockCapacity(open);
    const [oldest] = await open.tx.query<{ id: string }>(OLDEST_SQL, [open.tenantId, scopeId]);
    if (oldest) await this.wake(open, [oldest.id]);
  }

  private scopesOf(open: OpenContext, { id, clusterId }: Rollout): Promise<Scope[]> {
    return open.tx.query<Scope>(SCOPES_SQL, [
      open.tenantId,
      clusterId,
      id,
      this.config.tenantMaxInFlight,
    ]);
  }

  /** In the transaction that has counted: who ends next finds who waits, or is counted as ended. */
  private async remember(open: OpenContext, id: string, cap: Scope | null): Promise<void> {
    await open.tx.execute(
      `update deployments set capacity_scope_id = $3
       where tenant_id = $1 and id = $2 and capacity_scope_id is distinct from $3`,
      [open.tenantId, id, cap?.id ?? null],
    );
  }

  private async wake(open: OpenContext, ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await open.tx.execute(pokeRun, deploymentRun(open.tenantId, id));
      open.tx.afterCommit(() => this.wakeUp.now(deploymentRun(open.tenantId, id)));
    }
  }
}

const OLDEST_SQL = `select id from deployments
  where tenant_id = $1 and capacity_scope_id = $2 and status = 'Pending' order by id limit 1`;

/** $1 tenant, $2 cluster, $3 the rollout that asks (it is not counted), $4 the tenant's cap. */
const SCOPES_SQL = `
  with places as (
    select c.id as cluster_id, c.name as cluster_name, c.max_in_flight as cluster_max,
      e.id as environment_id, e.name as environment_name, e.max_in_flight as environment_max
    from clusters c
    join environments e on e.tenant_id = c.tenant_id and e.id = c.environment_id
    where c.tenant_id = $1 and c.id = $2),
  used as (
    select count(*) as tenant, count(*) filter (where d.cluster_id = p.cluster_id) as cluster,
      count(*) filter (where d.environment_id = p.environment_id) as environment
    from places p join deployments d on d.tenant_id = $1 and d.id <> $3 and d.lane = 'normal'
      and d.status in ('Running', 'Paused', 'RollingBack'))
  select scope.*,
    (select count(*) from (
       select from deployments w where w.tenant_id = $1 and w.capacity_scope_id = scope.id
         and w.status = 'Pending' and w.id < $3
       limit greatest(coalesce(scope.max, 0) - scope."inFlight", 0)) older) as ahead,
    (select w.id from deployments w where w.tenant_id = $1 and w.capacity_scope_id = scope.id
       and w.status = 'Pending' and w.id <> $3 order by w.id limit 1) as "oldestId"
  from places p cross join used u cross join lateral (values
    ('cluster', p.cluster_id, p.cluster_name, p.cluster_max, u.cluster),
    ('environment', p.environment_id, p.environment_name, p.environment_max, u.environment),
    ('tenant', $1::uuid, '', $4::int, u.tenant)) as scope (kind, id, name, max, "inFlight")`;
