/** Reports that say what the one before said: gathered, and judged as each of them would be by itself. */
import { jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { reportLimits } from '../../src/kernel/report-limits.js';
import { FleetApp, type TestAgent, type TestTenant } from '../support/fleet-app.js';

type Module = Awaited<ReturnType<FleetApp['module']>>;

describe('reports that say nothing new', () => {
  let fleet: FleetApp;
  let beside: FleetApp;
  let tenant: TestTenant;
  let other: TestTenant;
  let module: Module;
  let count = 0;

  beforeAll(async () => {
    fleet = await FleetApp.start();
    [tenant, other] = [await fleet.tenant('acme'), await fleet.tenant('other')];
    // A home of its own has other keys for tokens: nobody signs in any more.
    beside = await fleet.beside();
    module = await fleet.module(tenant);
  });
  afterAll(async () => {
    await beside?.close();
    await fleet?.close();
  });

  const saidBy = (instance = 'a', release = 0, of = module) => [
    {
      moduleId: of.id,
      generation: 1,
      state: 'healthy' as const,
      running: [{ releaseId: of.releases[release]!.id, configurationId: null, instance }],
      endpoints: [],
    },
  ];
  const measured = (instance = 'a', of = module) => [
    {
      moduleId: of.id,
      releaseId: of.releases[0]!.id,
      instance,
      ageMs: 0,
      requests: 1,
      errors: 0,
      frontErrors: 0,
      cut: 0,
      retries: 0,
      clientGone: 0,
      websockets: 0,
      cpuMs: 1,
      memoryBytes: 1,
      histogram: [],
    },
  ];
  const body = (of = module) => ({ revision: 1, observed: saidBy('a', 0, of), metrics: [] });
  /** It runs what it was told, and a report of the same words was looked at in full. */
  const settled = async (place = tenant, of = module) => {
    const agent = await fleet.agent(place, `node-${(count += 1)}`);
    await fleet.inTenant(place.id, (open) =>
      fleet.target.move(open, {
        clusterId: agent.identity.clusterId,
        moduleId: of.id,
        deploymentId: newId(),
        assignments: [
          {
            nodeId: agent.nodeId,
            releases: [
              {
                releaseId: of.releases[0]!.id,
                releaseDigest: of.releases[0]!.releaseDigest,
                configurationId: null,
                trafficPercent: 100,
              },
            ],
          },
        ],
        signatureRequired: false,
      }),
    );
    for (let time = 0; time < 2; time += 1) {
      expect((await agent.report(body(of))).status).toBe(200);
    }
    expect((await presence(agent)).settledAs).not.toBeNull();
    return agent;
  };
  const presence = async ({ nodeId }: TestAgent) => {
    const [row] = await fleet.asSuperuser<{
      settledAs: string | null;
      settledAt: Date;
      healthAt: Date;
      lastReportAt: Date;
    }>(`select settled_as as "settledAs", settled_at as "settledAt", health_at as "healthAt",
          last_report_at as "lastReportAt" from node_presence where node_id = '${nodeId}'`);
    return row!;
  };
  const runs = async ({ nodeId }: TestAgent) =>
    fleet.asSuperuser<{ instance: string; generation: number }>(
      `select running -> 0 ->> 'instance' as instance, generation from observed_modules
       where node_id = '${nodeId}'`,
    );
  const samples = async (agents: readonly TestAgent[]) =>
    fleet.asSuperuser<{ nodeId: string; tenantId: string; writer: string; place: string }>(
      `select node_id as "nodeId", tenant_id as "tenantId", xmin::text as writer,
         tableoid::regclass::text as place
       from node_metrics where node_id in (${agents.map(({ nodeId }) => `'${nodeId}'`).join()})`,
    );
  const reported = (agent: TestAgent, instance = 'a', of = module) =>
    agent.report({ ...body(of), metrics: measured(instance, of) });

  /** So long that what is sent at once is gathered, however slow the machine is; so many end it. */
  const gathering = (gathered: number) => {
    jest.replaceProperty(reportLimits, 'gatherMs' as never, 10_000 as never);
    jest.replaceProperty(reportLimits, 'gathered' as never, gathered as never);
  };
  afterEach(() => jest.restoreAllMocks());

  it('are heartbeats, and several of them are one transaction', async () => {
    const agents = [await settled(), await settled(), await settled()];
    const before = await Promise.all(agents.map(presence));
    gathering(3);
    const answers = await Promise.all(agents.map((agent) => reported(agent)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[0]!.body).toMatchObject({ protocol: 1, revision: 1 });
    const after = await Promise.all(agents.map(presence));
    after.forEach((row, at) => {
      expect(row.lastReportAt.getTime()).toBeGreaterThan(before[at]!.lastReportAt.getTime());
      // Not looked at in full.
      expect(row.settledAt).toEqual(before[at]!.settledAt);
    });
    const stored = await samples(agents);
    expect(stored.map(({ nodeId }) => nodeId).sort()).toEqual(
      agents.map(({ nodeId }) => nodeId).sort(),
    );
    expect(new Set(stored.map(({ writer }) => writer)).size).toBe(1);
  });

  it('of a node that was revoked are refused at once, though nobody has heard of it', async () => {
    const agent = await settled();
    await fleet.asSuperuser(
      `update nodes set revoked_at = clock_timestamp() where id = '${agent.nodeId}'`,
    );
    const { lastReportAt } = await presence(agent);
    const answer = await reported(agent);
    expect(answer).toMatchObject({ status: 401, body: { code: 'node-revoked' } });
    expect(await samples([agent])).toEqual([]);
    expect((await presence(agent)).lastReportAt).toEqual(lastReportAt);
  });

  it('of another machine are refused', async () => {
    const agent = await settled();
    // Remembered as it was; the database knows better.
    const thief = async () => {
      const report = { ...body(), bootId: 'thief', metrics: measured() };
      return agent.report(report, await agent.token({ boot: 'thief' }));
    };
    const refusal = { status: 409, body: { code: 'node-duplicated' } };
    expect(await thief()).toMatchObject(refusal);
    // Nor in the moment in which both say the same.
    const other = await settled();
    expect((await agent.report(body())).status).toBe(200);
    jest.replaceProperty(reportLimits, 'gatherMs' as never, 1_000 as never);
    const answers = await Promise.all([reported(agent), thief(), reported(other)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 409, 200]);
    expect(await samples([agent])).toHaveLength(1);
  });

  it('are news when the node has said something else to another process', async () => {
    const agent = await settled();
    const token = await agent.token();
    const report = { protocol: 1, bootId: 'boot', agentVersion: '1', ...body() };
    const said = await beside.call('agent/report', {
      method: 'POST',
      token,
      body: { ...report, observed: saidBy('b') },
    });
    expect(said.status).toBe(200);
    expect(await runs(agent)).toMatchObject([{ instance: 'b' }]);
    expect((await reported(agent)).status).toBe(200);
    expect(await runs(agent)).toMatchObject([{ instance: 'a' }]);
  });

  it('are news when the node was told something else meanwhile', async () => {
    const agent = await settled();
    const second = module.releases[1]!;
    await fleet.asSuperuser(
      `update desired_modules set updated_at = now() - interval '1 minute', releases =
         jsonb_build_array(jsonb_build_object('releaseId', '${second.id}', 'configurationId', null))
       where node_id = '${agent.nodeId}';
       update observed_modules set at = now() - interval '1 minute' where node_id = '${agent.nodeId}';
       update nodes set desired_revision = 2 where id = '${agent.nodeId}'`,
    );
    // It runs something else than it should, for a minute: it is told again.
    expect((await reported(agent)).body).toMatchObject({ revision: 3 });
  });

  it('are news when the cluster runs something that the node was not told', async () => {
    const agent = await settled();
    const added = await fleet.module(tenant);
    await fleet.asSuperuser(
      `insert into module_targets (tenant_id, cluster_id, module_id, release_id, deployment_id)
       values ('${tenant.id}', '${agent.identity.clusterId}', '${added.id}', '${added.releases[0]!.id}',
         gen_random_uuid())`,
    );
    try {
      expect((await reported(agent)).body).toMatchObject({ revision: 2 });
    } finally {
      await fleet.asSuperuser(`delete from module_targets where module_id = '${added.id}'`);
    }
  });

  it('of a node that was lost say that it is back', async () => {
    const agent = await settled();
    await fleet.asSuperuser(
      `update node_presence set last_report_at = now() - interval '21 s' where node_id = '${agent.nodeId}'`,
    );
    const { healthAt } = await presence(agent);
    expect((await reported(agent)).status).toBe(200);
    expect((await presence(agent)).healthAt.getTime()).toBeGreaterThan(healthAt.getTime());
  });

  it('are looked at in full once a minute, and mend what somebody has changed by hand', async () => {
    const agent = await settled();
    await fleet.asSuperuser(
      `update observed_modules set state = 'failed' where node_id = '${agent.nodeId}';
       update node_presence set settled_at = settled_at - interval '61 s' where node_id = '${agent.nodeId}'`,
    );
    expect((await reported(agent)).status).toBe(200);
    const rows = await fleet.asSuperuser(
      `select state from observed_modules where node_id = '${agent.nodeId}'`,
    );
    expect(rows).toEqual([{ state: 'healthy' }]);
  });

  it('do not settle while a generation is reported that nobody was told', async () => {
    const agent = await settled();
    const [row] = saidBy();
    const observed = [{ ...row!, generation: 2_000_000_000 }];
    for (let time = 0; time < 3; time += 1) {
      expect((await agent.report({ ...body(), observed })).status).toBe(200);
      expect(await runs(agent)).toMatchObject([{ generation: 1 }]);
      expect((await presence(agent)).settledAs).toBeNull();
    }
  });

  it('of one node at once are both taken', async () => {
    const agent = await settled();
    const answers = await Promise.all([reported(agent), reported(agent)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await samples([agent])).toHaveLength(2);
  });

  it('are not lost by one among them that cannot be stored', async () => {
    const [good, bad, third] = [await settled(), await settled(), await settled()];
    await fleet.asSuperuser(
      `alter table node_metrics add constraint planted check (instance <> 'planted')`,
    );
    gathering(3);
    try {
      const answers = await Promise.all([
        reported(good),
        reported(bad, 'planted'),
        reported(third),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 500, 200]);
      const stored = await samples([good, bad, third]);
      expect(stored.map(({ nodeId }) => nodeId).sort()).toEqual([good.nodeId, third.nodeId].sort());
    } finally {
      await fleet.asSuperuser('alter table node_metrics drop constraint planted');
    }
  });

  it('are stored where no partition is', async () => {
    const agent = await settled();
    const partitions = await fleet.asSuperuser<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits
       where inhparent = 'node_metrics'::regclass`,
    );
    for (const { name } of partitions) {
      if (name !== 'node_metrics_default') await fleet.asSuperuser(`drop table ${name}`);
    }
    expect((await reported(agent)).status).toBe(200);
    expect(await samples([agent])).toMatchObject([{ place: 'node_metrics_default' }]);
  });

  it('of two tenants are each written in its own', async () => {
    const theirs = await fleet.module(other);
    const [own, foreign] = [await settled(), await settled(other, theirs)];
    const answers = await Promise.all([reported(own), reported(foreign, 'a', theirs)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const stored = await samples([own, foreign]);
    const places = new Map(stored.map(({ nodeId, tenantId }) => [nodeId, tenantId]));
    expect(places).toEqual(
      new Map([
        [own.nodeId, tenant.id],
        [foreign.nodeId, other.id],
      ]),
    );
    expect(new Set(stored.map(({ writer }) => writer)).size).toBe(2);
  });
});
