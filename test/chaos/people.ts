/**
 * A run in which people decide: QA asks for one Admin who did not ask, somebody approves and rejects, the
 * kill switch is turned, and freezes come and go. In the end nothing has started without its quorum, inside
 * a freeze or under the switch, and every decision that was acknowledged is there.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Dice } from '../simulation/dice.js';
import type { Client } from '../support/client.js';
import { postPatiently } from './patient-client.js';
import type { World } from './world.js';

const NAME = 'approver';
const PATIENCE_MS = 20_000;
const EVERY_MS = 300;
const API = '/api/v1';

interface Waiting {
  readonly id: string;
  readonly subjectDigest: string;
}

/** A second Admin, with the password of the first, and a policy that asks them. */
export async function askPeople(world: World, admin: Client): Promise<void> {
  await world.rows(
    `with person as (insert into users (id, username, username_key, password_hash)
       select gen_random_uuid(), $1, $1, password_hash from users where username = 'admin' returning id),
     here as (select id from tenants where slug = 'default'),
     member as (insert into memberships (tenant_id, user_id) select here.id, person.id from here, person)
     insert into role_bindings (tenant_id, id, built_in_role, subject_kind, subject_id)
     select here.id, gen_random_uuid(), 'Admin', 'user', person.id from here, person`,
    [NAME],
  );
  const policy = { name: 'two persons', environment: 'QA', approvers: { roles: ['Admin'] } };
  const { status, body } = await admin.post('/approval-policies', policy);
  if (status !== 201) throw new Error(`no policy: ${JSON.stringify(body)}`);
}

/** For what comes after the run. */
export async function askNobody(admin: Client): Promise<void> {
  const { body } = await admin.get('/approval-policies');
  for (const { id, version } of body.items) {
    const ifMatch = { 'if-match': `"${version}"` };
    const answer = await admin.send('DELETE', `/approval-policies/${id}`, undefined, ifMatch);
    if (answer.status !== 204) throw new Error(`policy: ${JSON.stringify(answer.body)}`);
  }
}

export class People {
  /** Deployment and verb: what was acknowledged. */
  readonly decided = new Map<string, 'approve' | 'reject'>();
  turns = 0;
  freezes = 0;
  private isRunning = true;
  private isAlarmed = true;

  private constructor(
    private readonly world: World,
    private readonly approver: Client,
    private readonly dice: Dice,
  ) {}

  static async hire(world: World, dice: Dice): Promise<People> {
    return new People(world, await world.client(0, NAME), dice);
  }

  /** Until `stop`; an API that is away is asked again. */
  async run(): Promise<void> {
    await Promise.all([this.decide(), this.alarm()]);
  }

  /** No switch and no freeze from now on; approvals go on until `stop`. */
  async calm(): Promise<void> {
    this.isAlarmed = false;
    await this.turn(false);
  }

  stop(): void {
    this.isRunning = false;
  }

  private async decide(): Promise<void> {
    while (this.isRunning) {
      await pause(EVERY_MS);
      for (const waiting of await this.pending()) {
        if (this.decided.has(waiting.id) || this.dice.chance(0.3)) continue;
        await this.answer(waiting, this.dice.chance(0.15) ? 'reject' : 'approve');
      }
    }
  }

  private async answer({ id, subjectDigest }: Waiting, verb: 'approve' | 'reject'): Promise<void> {
    const body = verb === 'approve' ? { subjectDigest } : { reason: 'not today' };
    const answer = await this.post(`/approvals/deployments/${id}/${verb}`, body);
    if (answer?.status === 200) this.decided.set(id, verb);
  }

  private async pending(): Promise<readonly Waiting[]> {
    const url = this.dice.pick(this.world.urls);
    const headers = { authorization: `Bearer ${this.approver.token}` };
    const signal = AbortSignal.timeout(2_000);
    return fetch(`${url}${API}/approvals/pending?limit=50`, { headers, signal })
      .then(async (response) => ((await response.json()) as { items?: Waiting[] }).items ?? [])
      .catch(() => []);
  }

  /** Something is wrong now and then: the switch for a moment, or a freeze of some seconds. */
  private async alarm(): Promise<void> {
    while (this.isAlarmed) {
      await pause(this.dice.between(2_000, 6_000));
      if (!this.isAlarmed) return;
      const isFreeze = this.freezes <= this.turns;
      if (isFreeze) await this.freeze(this.dice.between(1_000, 4_000));
      else if (await this.turn(true)) {
        this.turns += 1;
        await pause(this.dice.between(500, 2_500));
        await this.turn(false);
      }
    }
  }

  private async freeze(lastsMs: number): Promise<void> {
    const window = {
      kind: 'once',
      from: new Date().toISOString(),
      to: new Date(Date.now() + lastsMs).toISOString(),
    };
    const name = `freeze ${this.freezes + 1}`;
    const freeze = { name, reason: 'chaos', environments: ['QA'], verbs: ['start'], window };
    const answer = await this.post('/freezes', freeze, name.replace(' ', '-'));
    if (answer?.status !== 201) throw new Error(`no freeze: ${JSON.stringify(answer)}`);
    this.freezes += 1;
  }

  private async turn(isOn: boolean): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const url = this.dice.pick(this.world.urls);
      const isDone = await fetch(`${url}${API}/kill-switch`, {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${this.approver.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ isOn, reason: 'chaos' }),
        signal: AbortSignal.timeout(4_000),
      }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isDone) return true;
      await pause(200);
    }
    return false;
  }

  private post(path: string, body: unknown, key?: string) {
    const { urls } = this.world;
    const { token } = this.approver;
    const asked = { urls, token, path, body, patienceMs: PATIENCE_MS };
    return postPatiently({ ...asked, ...(key === undefined ? {} : { key }) });
  }
}

/** Once all is over. What starts inside a freeze or under the switch, `startFaultsOf` finds. */
export async function decisionFaults(world: World, people: People): Promise<string[]> {
  const unapproved = await world.rows<{ id: string }>(
    `select d.id from deployments d
     join journal j on j.deployment_id = d.id and j.kind = 'status-changed' and j.data->>'status' = 'Running'
     where d.lane = 'normal' and jsonb_array_length(coalesce(d.spec_text::jsonb->'approvals', '[]')) > 0
       and not exists (select 1 from approval_decisions a
         where a.deployment_id = d.id and a.verb = 'approve' and a.voided_at is null and a.at <= j.at
           and a.person_id <> (select id from users where username = 'admin'))
     group by d.id`,
  );
  const both = await world.rows<{ id: string }>(
    `select d.id from deployments d join journal j on j.deployment_id = d.id
     where d.status = 'Rejected' and j.kind = 'status-changed' and j.data->>'status' = 'Running' group by d.id`,
  );
  const rows = await world.rows<{ id: string; verb: string }>(
    `select deployment_id as id, verb from approval_decisions where verb in ('approve', 'reject')`,
  );
  const there = rows.map(({ id, verb }) => `${id} ${verb}`);
  const lost = [...people.decided].filter(
    ([id, verb]) => there.filter((each) => each === `${id} ${verb}`).length !== 1,
  );
  return [
    ...unapproved.map(({ id }) => `approval: deployment ${id} started without its quorum`),
    ...both.map(({ id }) => `approval: deployment ${id} was rejected, and started`),
    ...lost.map(
      ([id, verb]) => `approval: ${verb} of ${id} was acknowledged, and is not there once`,
    ),
  ];
}
