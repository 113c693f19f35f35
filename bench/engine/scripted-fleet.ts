/**
 * Nodes that do at once what they are told, without agents: it hears the control plane's signal for
 * a node, as a parked long poll does, writes what the node would report, and wakes the rollout as a
 * report does. It keeps the moment at which each node was told.
 */
import { Redis } from 'ioredis';
import { BullMqWakeUp } from '../../src/platform/queue/bullmq-wake-up.js';
import { redisConnections } from '../../src/platform/queue/queue-connections.js';
import type { RunKey } from '../../src/engine/run.js';
import type { Rig } from './rig.js';

/** What signals missed is found by looking, as the API's parked polls do. */
const LOOK_EVERY_MS = 2_000;
const GATHER_MS = 10;

export class ScriptedFleet {
  /** Milliseconds since the epoch, of the first signal. Cleared by whoever measures. */
  readonly toldAt = new Map<string, number>();
  private readonly told = new Set<string>();
  private working: Promise<void> = Promise.resolve();
  private gather: NodeJS.Timeout | undefined;
  private look: NodeJS.Timeout | undefined;
  private isClosed = false;

  private constructor(
    private readonly rig: Rig,
    private readonly subscriber: Redis,
    private readonly wakeUp: BullMqWakeUp,
  ) {}

  static async start(rig: Rig): Promise<ScriptedFleet> {
    const subscriber = new Redis(rig.redisUrl);
    const wakeUp = new BullMqWakeUp(redisConnections(rig.redisUrl, 'tidegate'), {
      warn: () => undefined,
    });
    const fleet = new ScriptedFleet(rig, subscriber, wakeUp);
    subscriber.on('message', (_channel, message) => fleet.hear(message));
    await subscriber.subscribe('tidegate:signals');
    fleet.look = setInterval(() => fleet.work(null), LOOK_EVERY_MS);
    rig.later(() => fleet.stop());
    return fleet;
  }

  async stop(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.gather);
    clearInterval(this.look);
    await this.working;
    this.subscriber.disconnect();
    await this.wakeUp.stop(1_000);
  }

  private hear(message: string): void {
    const [topic, ...ids] = message.split(' ');
    if (topic !== 'desired') return;
    for (const id of ids) {
      if (!this.toldAt.has(id)) this.toldAt.set(id, Date.now());
      this.told.add(id);
    }
    this.gather ??= setTimeout(() => {
      this.gather = undefined;
      const nodeIds = [...this.told];
      this.told.clear();
      this.work(nodeIds);
    }, GATHER_MS);
  }

  private work(nodeIds: readonly string[] | null): void {
    if (this.isClosed) return;
    this.working = this.working
      .then(() => this.report(nodeIds))
      .catch((error: unknown) => {
        // The next look finds them again.
        const isDeadlock = (error as { code?: string }).code === '40P01';
        if (!this.isClosed && !isDeadlock) console.error('the scripted fleet failed:', error);
      });
  }

  private async report(nodeIds: readonly string[] | null): Promise<void> {
    const woken = nodeIds
      ? await this.rig.sql<RunKey>(reportSql('d.node_id = any($1)'), [nodeIds])
      : await this.rig.sql<RunKey>(reportSql('true'));
    for (const key of woken) this.wakeUp.now(key);
  }
}

// As ReportsService and NodeWatch do it, for many nodes at once.
const reportSql = (which: string) => `
  with told as (
    select d.tenant_id, d.node_id, d.module_id, d.generation, d.releases, n.cluster_id
    from desired_modules d
    join nodes n on n.tenant_id = d.tenant_id and n.id = d.node_id
    left join observed_modules o on o.tenant_id = d.tenant_id and o.node_id = d.node_id
      and o.module_id = d.module_id
    where o.generation is distinct from d.generation and ${which}),
  seen as (
    insert into observed_modules (tenant_id, node_id, module_id, generation, state, running)
    select tenant_id, node_id, module_id, generation,
      case when releases = '[]' then 'absent' else 'healthy' end,
      (select coalesce(jsonb_agg(jsonb_build_object('releaseId', item->'releaseId',
         'configurationId', item->'configurationId', 'instance', 'i-' || generation)), '[]')
       from jsonb_array_elements(releases) as item)
    from told
    on conflict (tenant_id, node_id, module_id) do update set generation = excluded.generation,
      state = excluded.state, running = excluded.running, at = clock_timestamp())
  update runs r set wake_at = clock_timestamp(), pokes = r.pokes + 1, polls_gate = false
  from deployment_slots s
  where (s.tenant_id, s.cluster_id, s.module_id) in (select tenant_id, cluster_id, module_id from told)
    and r.tenant_id = s.tenant_id and r.kind = 'deployment' and r.id = s.holder_deployment_id
    and r.wake_at is not null and not r.polls_gate
  returning r.kind, r.tenant_id as "tenantId", r.id`;
