/** The small pieces of work of the kill table, on a cluster of two nodes. */
import { readFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { RunStatus } from '../../src/engine/run.js';
import { newId } from '../../src/kernel/ids.js';
import { deploymentsOf, isOver, unsettled } from '../chaos/checker.js';
import { attend } from '../chaos/operator.js';
import { postPatiently, type Posted } from '../chaos/patient-client.js';
import { eraseUntilDone } from './erase-scenario.js';
import { SmallService } from '../chaos/service.js';
import type { World } from '../chaos/world.js';
import type { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import type { Scenario } from './kill-rows.js';
import { streamUntilDone } from './kill-streams.js';

const PATIENCE_MS = 60_000;

/** Opens by CPU and memory, which need no traffic. */
const quickGate = {
  kind: 'utilization',
  pollIntervalMs: 500,
  minWaitMs: 0,
  maxWaitMs: 20_000,
  consecutiveStableChecks: 1,
  onNoData: 'wait',
};

/** Of the module that people must approve, which is pushed when the first row needs it. */
const APPROVED = 'approved';

const strategies: Readonly<Partial<Record<Scenario, object>>> = {
  canary: { kind: 'canary', wavesPercent: [50, 100] },
  rolling: { kind: 'rolling', maxUnavailable: 1 },
  'blue-green': { kind: 'blue-green', keepBlueMs: 1000 },
};

function endsOf(scenario: Scenario): RunStatus[] {
  if (scenario === 'verb') return ['Cancelled'];
  return scenario === 'bad' ? ['RolledBack', 'Failed'] : ['Succeeded'];
}

/**
 * On a busy machine an API is away for longer than nodes may be silent. That a rollout is taken back then
 * is right, and not what a row is about; of many rows of a file it happens to one at most.
 */
const NODES_LOST = /^nodes were lost in this wave|nodes in cluster .* is Healthy\./;
const LOSSES = 1;

const ENQUEUE = `with lane as (
    insert into delivery_lanes as l (tenant_id, channel_id, lane_id, last_seq, due_at)
    select tenant_id, id, id, $3::int, now() from channels where id = $1::uuid
    on conflict (tenant_id, channel_id, lane_id) do update set last_seq = excluded.last_seq,
      due_at = coalesce(l.due_at, now()) returning tenant_id, channel_id, lane_id, last_seq)
  insert into deliveries (tenant_id, channel_id, lane_id, seq, id, event_key, event_name,
    message_text) select *, $2::uuid, ($3::int)::text, 'x', $4::text from lane`;

function aMessage(title: string): object {
  const event = { name: 'x', id: newId(), tenant: 'default', subject: { kind: 'x', id: 'x' } };
  return { title, text: title, html: null, link: null, fields: [], event };
}

export class Scenarios {
  private losses = 0;
  private count = 0;
  private readonly asked = new Map<string, object>();
  private approved: SmallService | undefined;

  private constructor(
    private readonly world: World,
    private readonly client: Client,
    private readonly job: SmallService,
    private readonly web: SmallService,
  ) {}

  static async prepare(world: World): Promise<Scenarios> {
    const client = await world.client();
    const port = await freePort(world.portOffsets);
    const job = new SmallService(world.effectsFolder, { name: SmallService.alone });
    const web = new SmallService(world.effectsFolder, { name: 'web', port });
    const scenarios = new Scenarios(world, client, job, web);
    for (const service of [job, web]) {
      await service.pushAll(client);
      const { id } = await scenarios.deploy(service.name, service.versions[0]!);
      await scenarios.ended(id, ['Succeeded']);
    }
    await job.push(client, SmallService.badVersion);
    return scenarios;
  }

  /** Does the work; answers the deployments it has made, each with the ends that are right. */
  async run(scenario: Scenario): Promise<{ id: string; key: string; ends: RunStatus[] }> {
    this.count += 1;
    if (scenario === 'push') await this.pushUntilDone(`9.0.${this.count}`);
    if (scenario === 'purge') await this.purgeUntilDone(`gone-${this.count}`);
    if (scenario === 'deliver') await this.deliverUntilDone(`channel-${this.count}`);
    if (scenario === 'erase') await eraseUntilDone(this.world, `erased-${this.count}`);
    if (scenario === 'stream') {
      const name = `stream-${this.count}`;
      await streamUntilDone(this.world, { name, patienceMs: PATIENCE_MS });
    }
    if (scenario === 'tell') await this.subscribe();
    const service = await this.serviceOf(scenario);
    const version =
      scenario === 'bad' ? SmallService.badVersion : service.versions[this.count % 4]!;
    const strategy = strategies[scenario] ?? { kind: 'direct' };
    const { id, key } = await this.deploy(service.name, version, {
      strategy,
      allowRolledBack: true,
      ...(strategies[scenario] ? { gate: quickGate } : {}),
    });
    if (scenario === 'verb') await this.cancel(id);
    if (scenario === 'approval') await this.approve(id);
    if (scenario === 'tell') await this.toldOnce(id);
    if (scenario === 'remind') await this.remindedOnce(id);
    return { id, key, ends: endsOf(scenario) };
  }

  async deploy(moduleName: string, version: string, more: object = {}) {
    const key = `row-${this.count}-${moduleName}`;
    const body = {
      moduleName,
      version,
      targetEnvironment: 'QA',
      metadata: { key },
      strategy: { kind: 'direct' },
      ...more,
    };
    this.asked.set(key, body);
    const answer = await this.post('/deployments', body, key);
    if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`);
    return { id: answer.body.id as string, key };
  }

  /** The same request once more; answers its id. */
  async again(key: string): Promise<string> {
    const { body } = await this.post('/deployments', this.asked.get(key), key);
    return body.id as string;
  }

  async ended(id: string, ends: readonly RunStatus[]): Promise<void> {
    await eventually(async () => {
      await attend(this.world, this.client);
      const found = (await deploymentsOf(this.world)).find((each) => each.id === id);
      if (!found || !isOver(found)) throw new Error(`deployment ${id} is ${found?.status}`);
    }, PATIENCE_MS);
    const { status, reason } = (
      await this.world.rows<{ status: RunStatus; reason: string }>(
        `select status, coalesce(reason, '') as reason from deployments where id = $1`,
        [id],
      )
    )[0]!;
    if (ends.includes(status)) return;
    if (NODES_LOST.test(reason) && (this.losses += 1) <= LOSSES) return;
    throw new Error(`deployment ${id} is ${status}: ${reason}`);
  }

  /** On a busy machine an API is away for so long that nodes count as lost: not what a row is about. */
  async ready(): Promise<void> {
    type List = { items: { state: string }[] };
    const areHealthy = ({ items }: List) => items.every(({ state }) => state === 'Healthy');
    await this.world.ready();
    await this.client.until('/nodes', areHealthy, PATIENCE_MS);
  }

  async settled(): Promise<void> {
    await eventually(async () => {
      const open = await unsettled(this.world);
      if (open.length > 0) throw new Error(open.join('; '));
    }, PATIENCE_MS);
  }

  /** The place was reached: otherwise the row tests nothing. */
  async fired(text: string): Promise<void> {
    await eventually(async () => {
      const done = await readFile(`${this.world.failpointFile}.fired`, 'utf8');
      if (!done.split('\n').includes(text)) throw new Error(`${text} was not reached`);
    }, PATIENCE_MS);
  }

  private async serviceOf(scenario: Scenario): Promise<SmallService> {
    if (scenario === 'approval') return (this.approved ??= await this.makeApproved());
    const isWeb = ['web', 'canary', 'rolling', 'blue-green'].includes(scenario);
    return isWeb ? this.web : this.job;
  }

  /** The only Admin that there is may approve what they asked for themselves. */
  private async makeApproved(): Promise<SmallService> {
    const service = new SmallService(this.world.effectsFolder, { name: APPROVED });
    await service.pushAll(this.client);
    await this.world.rows(
      `with e as (update environments set has_approval_policies = true where name_key = 'qa'
         returning tenant_id, id)
       insert into approval_policies (tenant_id, id, name, name_key, environment_id, modules, kind,
         approvers, quorum, bars, timeout_ms, reason_required, passkey_required)
       select tenant_id, $1, $2, $2, id, array[$2], 'people', '{"roles":["Admin"],"groups":[],"users":[]}',
         1, '{}', 86400000, false, false from e`,
      [newId(), APPROVED],
    );
    return service;
  }

  /** As soon as somebody is asked. */
  private async approve(id: string): Promise<void> {
    type Seen = { status: string; subjectDigest: string };
    const isAsked = ({ status }: Seen) => status !== 'Pending';
    const { subjectDigest } = await this.client.until(`/deployments/${id}`, isAsked, PATIENCE_MS);
    const { status, body } = await this.post(`/approvals/deployments/${id}/approve`, {
      subjectDigest,
      // Versions go round in a circle.
      acknowledgeDowngrade: true,
    });
    if (status !== 200) throw new Error(`approve: ${status} ${JSON.stringify(body)}`);
  }

  private async cancel(id: string): Promise<void> {
    const { status } = await this.post(`/deployments/${id}/cancel`, {});
    // 409: an earlier try was heard, and it is over by now.
    if (![202, 409].includes(status)) throw new Error(`cancel: ${status}`);
  }

  private async pushUntilDone(version: string): Promise<void> {
    await eventually(() => this.job.push(this.client, version), PATIENCE_MS);
  }

  /** A tenant whose time is over, with a row of its own. */
  private async purgeUntilDone(slug: string): Promise<void> {
    const id = newId();
    await this.world.rows(
      `insert into tenants (id, slug, name, status, deleted_at, restorable_until)
       values ($1, $2, $2, 'deleting', now() - interval '31 days', now() - interval '1 day')`,
      [id, slug],
    );
    await this.world.rows('insert into modules (tenant_id, id, name) values ($1, $2, $3)', [
      id,
      newId(),
      'orders',
    ]);
    await eventually(async () => {
      // Whoever held it is dead, and two minutes are long.
      const freed = `update tenant_tasks set lease_until = now() where tenant_id = $1 and lease_until < now() + interval '115 s'`;
      await this.world.rows(freed, [id]);
      const [left] = await this.world.rows<{ status: string; modules: string }>(
        `select status, (select count(*) from modules where tenant_id = t.id) as modules
         from tenants t where id = $1`,
        [id],
      );
      if (left?.status !== 'deleted') throw new Error(`the tenant ${slug} is ${left?.status}`);
      expect(Number(left.modules)).toBe(0);
    }, PATIENCE_MS);
  }

  /** Three messages of one lane, put on their way as whoever has something to tell does. */
  private async deliverUntilDone(name: string): Promise<void> {
    const made = await this.post('/channels', { name, kind: 'console' });
    const messages = [1, 2, 3].map((seq) => ({ seq, id: newId(), message: aMessage(`${seq}`) }));
    for (const { seq, id, message } of messages) {
      await this.world.rows(ENQUEUE, [made.body.id, id, seq, JSON.stringify(message)]);
    }
    await eventually(async () => {
      // Whoever held it is dead, and its lease is longer than a test likes to wait.
      const freed = `update delivery_lanes set lease_until = now()
        where channel_id = $1 and lease_until < now() + interval '12 s'`;
      await this.world.rows(freed, [made.body.id]);
      const rows = await this.world.rows<{ state: string; attempts: number }>(
        'select state, attempts from deliveries where channel_id = $1 order by seq',
        [made.body.id],
      );
      expect(rows).toEqual(messages.map(() => ({ state: 'delivered', attempts: 1 })));
    }, PATIENCE_MS);
  }

  /** Everything that becomes of deployments goes to a log. */
  private async subscribe(): Promise<void> {
    await this.world.rows(
      `with c as (
         insert into channels (tenant_id, id, name, name_key, kind, params, sealed_secrets)
         select id, $1::uuid, $1::text, $1::text, 'console', '{}', '' from tenants
         where slug = 'default' returning tenant_id, id)
       insert into subscriptions (tenant_id, id, owner_kind, events, channel_id, created_by)
       select tenant_id, $1::uuid, 'tenant', '{deployments}', id, 'test' from c`,
      [newId()],
    );
  }

  /** To each subscription that there was: each event once, in order. */
  private async toldOnce(id: string): Promise<void> {
    await eventually(async () => {
      const lanes = await this.world.rows<{ names: string[] }>(
        `select array_agg(event_name order by seq) as names from deliveries
         where event_key like 'journal:' || $1 || ':%' group by lane_id`,
        [id],
      );
      expect(lanes.length).toBeGreaterThan(0);
      for (const { names } of lanes) {
        expect(names).toEqual(['deployment-started', 'deployment-succeeded']);
      }
    }, PATIENCE_MS);
  }

  /** Of a request that is over: taken all the same, and nothing is said. */
  private async remindedOnce(id: string): Promise<void> {
    await this.world.rows(
      `insert into approval_reminders (tenant_id, deployment_id, request_number, kind, due_at)
       select tenant_id, id, 1, 'last', now() from deployments where id = $1`,
      [id],
    );
    await eventually(async () => {
      const left = await this.world.rows(
        'select 1 from approval_reminders where deployment_id = $1 and done_at is null',
        [id],
      );
      expect(left).toEqual([]);
    }, PATIENCE_MS);
  }

  private async post(path: string, body: unknown, key?: string): Promise<Posted> {
    const { urls } = this.world;
    const { token } = this.client;
    const answer = await postPatiently({
      urls,
      token,
      path,
      body,
      patienceMs: PATIENCE_MS,
      ...(key ? { key } : {}),
    });
    if (!answer) throw new Error(`POST ${path}: nobody answered`);
    return answer;
  }
}
