/** Downloads of artifacts, counted over two API processes of one control plane. */
import { Readable } from 'node:stream';
import { newId } from '../../src/kernel/ids.js';
import { eventually, FleetApp, type TestAgent, type TestTenant } from '../support/fleet-app.js';

const PLACES = 4;
const settings = { TIDEGATE_CLUSTER_DOWNLOADS: String(PLACES) };

describe('downloads of artifacts', () => {
  let one: FleetApp;
  let other: FleetApp;
  let tenant: TestTenant;
  let agent: TestAgent;
  let digest: string;
  /** What the object store was asked for, and has not finished to send. */
  let open: Readable[] = [];
  let nodes = 0;

  beforeAll(async () => {
    one = await FleetApp.start(settings);
    other = await one.beside(settings);
    tenant = await one.tenant('acme');
    const held = () => {
      const stream = new Readable({ read: () => undefined });
      open.push(stream);
      return stream;
    };
    one.artifact = held;
    other.artifact = held;
  });
  afterAll(async () => {
    await other?.close();
    await one?.close();
  });

  beforeEach(async () => {
    open = [];
    await sql('update download_places set holder = null, lease_until = null');
    agent = await newAgent('Development');
    digest = await released(agent);
  });
  afterEach(() => end());

  const sql = (statement: string) => one.asSuperuser(statement);

  const newAgent = (environment: string) =>
    one.agent(tenant, `node-${(nodes += 1)}`, { environment });

  /** A release that this node should run; its artifact's digest. */
  async function released(to: TestAgent): Promise<string> {
    const module = await one.module(tenant);
    const [release] = module.releases;
    const { id: releaseId, releaseDigest } = release!;
    const pair = { releaseId, releaseDigest, configurationId: null, trafficPercent: 100 };
    await one.inTenant(tenant.id, (open) =>
      one.target.move(open, {
        clusterId: to.identity.clusterId,
        moduleId: module.id,
        deploymentId: newId(),
        assignments: [{ nodeId: to.nodeId, releases: [pair] }],
        signatureRequired: false,
      }),
    );
    return release!.artifactDigest;
  }

  const ask = (through: FleetApp) => agent.artifact(digest, through).catch(() => null);

  const end = () => {
    for (const stream of open.splice(0)) {
      stream.push('artifact');
      stream.push(null);
    }
  };

  const statusesOf = async (asked: readonly ReturnType<typeof ask>[]) =>
    (await Promise.all(asked)).map((answer) => answer?.status).sort();

  it('are so many at once over all processes, and only those read the object store', async () => {
    const asked = Array.from({ length: 20 }, (_, index) => ask(index % 2 === 0 ? one : other));
    let busy = 0;
    for (const each of asked) void each.then((answer) => (busy += Number(answer?.status === 503)));
    await eventually(() => busy === 20 - PLACES && open.length >= PLACES);
    expect(open).toHaveLength(PLACES);
    end();
    expect(await statusesOf(asked)).toEqual([
      ...Array<number>(PLACES).fill(200),
      ...Array<number>(20 - PLACES).fill(503),
    ]);
  });

  it('say when to come back, and have room again when some have ended', async () => {
    const asked = Array.from({ length: PLACES }, () => ask(one));
    await eventually(() => open.length === PLACES);
    const busy = await ask(other);
    expect(busy).toMatchObject({ status: 503, body: { code: 'downloads-busy' } });
    expect(Number(busy!.headers.get('retry-after'))).toBeGreaterThan(0);
    end();
    await Promise.all(asked);
    const again = eventually(async () => (await ask(other))?.status === 200);
    await eventually(() => open.length === 1);
    end();
    await again;
  });

  it('have places of their own in each cluster', async () => {
    const asked = Array.from({ length: PLACES }, () => ask(one));
    await eventually(() => open.length === PLACES);
    agent = await newAgent('QA');
    digest = await released(agent);
    asked.push(ask(other));
    await eventually(() => open.length === PLACES + 1);
    end();
    expect(await statusesOf(asked)).toEqual(Array(PLACES + 1).fill(200));
  });

  it('give a place back when the node goes away', async () => {
    const gone = new AbortController();
    const token = await agent.token();
    const path = `agent/artifacts/${digest}`;
    const asked = Array.from({ length: PLACES }, () =>
      one.call(path, { token, signal: gone.signal }).catch(() => null),
    );
    await eventually(() => open.length === PLACES);
    gone.abort();
    await Promise.all(asked);
    const again = eventually(async () => (await ask(other))?.status === 200);
    await eventually(() => open.length === PLACES + 1);
    end();
    await again;
  });

  it('give a place back when the object store has nothing to send', async () => {
    const { artifact } = one;
    one.artifact = () => {
      throw new Error('the store is away');
    };
    for (let times = 0; times < 2 * PLACES; times += 1) await ask(one);
    one.artifact = artifact;
    await eventually(async () => (await taken()) === 0);
  });

  it('free the places of a process that was killed, after their lease', async () => {
    // What a killed process leaves behind: places that nobody renews.
    await sql(`update download_places set holder = gen_random_uuid(),
      lease_until = clock_timestamp() + interval '15 seconds'`);
    expect(await ask(one)).toMatchObject({ status: 503 });
    await sql(`update download_places set lease_until = clock_timestamp() - interval '1 ms'`);
    const asked = ask(one);
    await eventually(() => open.length === 1);
    end();
    expect(await asked).toMatchObject({ status: 200 });
  });

  it('keep their places for as long as they take, and end when a place is lost', async () => {
    const kept = ask(one);
    await eventually(() => open.length === 1);
    await sql(`update download_places set lease_until = clock_timestamp() + interval '8 seconds'`);
    await eventually(async () => (await sql(LEASED_LONGER_SQL)).length === 1);
    // As after a long stop of the process: somebody else has taken the place.
    await sql('update download_places set holder = gen_random_uuid() where holder is not null');
    await eventually(() => open[0]!.destroyed);
    expect(await kept).toMatchObject({ status: 503, body: { code: 'downloads-busy' } });
  });

  const taken = async () =>
    (await sql('select from download_places where lease_until > clock_timestamp()')).length;
});

const LEASED_LONGER_SQL = `select from download_places
  where lease_until > clock_timestamp() + interval '9 seconds'`;
