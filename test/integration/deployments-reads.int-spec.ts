import { jest } from '@jest/globals';
import { newId } from '../../src/kernel/ids.js';
import { OpenTransaction } from '../../src/platform/database/open-transaction.js';
import { DeploymentsApp, orders, type DeployingTenant } from '../support/deployments-app.js';

interface Item {
  readonly id: string;
  readonly status: string;
}

let app: DeploymentsApp;
let tenant: DeployingTenant;
let other: DeployingTenant;
/** Newest first, as lists are. */
const ids: string[] = [];

beforeAll(async () => {
  app = await DeploymentsApp.start();
  [tenant, other] = [await app.tenant('acme'), await app.tenant('other')];
  await tenant.release('billing', '1.0.0');
  await tenant.nodes('Development', 1);
  for (let count = 0; count < 3; count += 1) ids.unshift(await tenant.deploy());
  ids.unshift(await tenant.deploy({ moduleName: 'billing' }));
  ids.unshift(await tenant.deploy({ targetEnvironment: 'Development' }));
  await app.sql(`update deployments set status = 'Running' where id = $1`, [ids[2]]);
});
afterAll(() => app?.close());
afterEach(() => jest.restoreAllMocks());

const list = async (query: string): Promise<string[]> => {
  const { status, body } = await tenant.get(`/deployments?${query}`);
  expect(status).toBe(200);
  return body.items.map(({ id }: Item) => id);
};

/** The fewest of some tries: what runs in the background counts, too. */
async function statementsOf(path: string): Promise<number> {
  const counts: number[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    const query = jest.spyOn(OpenTransaction.prototype, 'query');
    const execute = jest.spyOn(OpenTransaction.prototype, 'execute');
    await tenant.get(path);
    counts.push(query.mock.calls.length + execute.mock.calls.length);
    jest.restoreAllMocks();
  }
  return Math.min(...counts);
}

describe('the list of deployments', () => {
  it('is newest first, by status, environment and module, alone and together', async () => {
    expect(await list('')).toEqual(ids);
    expect(await list('status=Running')).toEqual([ids[2]]);
    expect(await list('module=billing')).toEqual([ids[1]]);
    expect(await list('environment=development')).toEqual([ids[0]]);
    expect(await list('environment=QA&module=orders&status=Pending')).toEqual(ids.slice(3));
    expect(await list('module=nothing')).toEqual([]);
  });

  it('comes in pages without gap or repetition', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const answer = await tenant.get(`/deployments?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...answer.body.items.map(({ id }: Item) => id));
      cursor = answer.body.nextCursor;
    }
    expect(seen).toEqual(ids);
  });

  it('refuses a cursor that was made under another filter', async () => {
    const { body } = await tenant.get('/deployments?limit=1&module=orders');
    expect(body.nextCursor).toEqual(expect.any(String));
    const answer = await tenant.get(`/deployments?limit=1&cursor=${body.nextCursor}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'cursor-invalid' } });
  });

  it.each(['status=Nonsense', 'limit=0', 'limit=201', 'limit=x', 'sort=name', 'module=A%00'])(
    'refuses the query %s',
    async (query) => {
      const answer = await tenant.get(`/deployments?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    },
  );
});

describe('one deployment', () => {
  it('has in its time to converge for how long a release must be healthy', async () => {
    const { body } = await tenant.get(`/deployments/${ids[0]}/plan`);
    const { deadlineMs } = body.plans[0].steps.find(
      ({ kind }: { kind: string }) => kind === 'converge',
    );
    // To download, to start, to be stable, to drain and to stop.
    expect(deadlineMs).toBe(300_000 + 30_000 + 3_000 + 5_000 + 10_000);
  });

  it('is read in as many statements, whether there is one or fifty', async () => {
    const [id] = ids;
    const paths = [`/deployments/${id}`, `/deployments/${id}/plan`, `/deployments/${id}/events`];
    paths.push(`/deployments/${id}/explain`, '/deployments?limit=1', '/deployments?limit=200');
    const counts = async () => {
      const made: number[] = [];
      for (const path of paths) made.push(await statementsOf(path));
      return made;
    };
    const few = await counts();
    for (let count = 0; count < 50; count += 1) await tenant.deploy({ moduleName: 'billing' });
    const journal = `insert into journal (tenant_id, deployment_id, seq, at, plan_number, step_id, kind, actor)
      select $1, $2, n, clock_timestamp(), 1, 'preflight', 'step-note', 'test'
      from generate_series(3, 500) n`;
    await app.sql(journal, [tenant.id, id]);
    expect(await counts()).toEqual(few);
    expect(Math.max(...few)).toBeLessThanOrEqual(8);
  });

  it.each(['', '/plan', '/events', '/explain'])(
    'of another tenant is not there (%s)',
    async (path) => {
      const answer = await other.get(`/deployments/${ids[0]}${path}`);
      expect(answer).toMatchObject({ status: 404, body: { code: 'deployment-not-found' } });
      const unknown = await other.get(`/deployments/${newId()}${path}`);
      const { id: _id, instance: _instance, ...told } = unknown.body;
      expect(answer.body).toMatchObject(told);
    },
  );

  it('of another tenant is in none of its lists', async () => {
    const { body } = await other.get('/deployments?limit=200');
    expect(body.items).toEqual([]);
  });

  it.each(['pause', 'resume', 'cancel'])('of another tenant takes no %s', async (verb) => {
    const before = await app.rows();
    const answer = await other.post(`/deployments/${ids[2]}/${verb}`, {});
    expect(answer).toMatchObject({ status: 404, body: { code: 'deployment-not-found' } });
    expect(await app.rows()).toEqual(before);
  });

  it.each(['x', '%00', '..%2f..', newId().toUpperCase()])('%s is no id', async (id) => {
    expect((await tenant.get(`/deployments/${id}`)).status).toBe(400);
  });
});

describe('events', () => {
  const after = async (sequence: number, limit = 50) => {
    const { body } = await tenant.get(
      `/deployments/${ids[4]}/events?after=${sequence}&limit=${limit}`,
    );
    return body as { items: { sequence: number; kind: string }[]; nextCursor: string | null };
  };

  it('come after a sequence, oldest first', async () => {
    expect((await after(0)).items.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect((await after(1)).items).toMatchObject([{ sequence: 2, kind: 'planned' }]);
    expect(await after(2)).toEqual({ items: [], nextCursor: null });
    expect(await after(0, 1)).toMatchObject({ items: [{ sequence: 1 }], nextCursor: '1' });
  });

  it.each(['-1', 'x', '1.5', '1234567'])('refuse to begin after %s', async (sequence) => {
    const answer = await tenant.get(`/deployments/${ids[4]}/events?after=${sequence}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
  });
});

describe('an explanation', () => {
  it('says what it waits for, until when, and who can go on', async () => {
    const id = await tenant.deploy();
    await app.pass(tenant.id, id, 'preflight');
    await app.sql('update deployment_slots set holder_deployment_id = $1', [null]);
    await app.sql(
      `update deployment_slots s set holder_deployment_id = $2 from deployments d
       where d.id = $1 and s.cluster_id = d.cluster_id and s.module_id = d.module_id`,
      [id, ids[2]],
    );
    await app.act(tenant.id, id);
    const { body } = await tenant.get(`/deployments/${id}/explain`);
    expect(body).toMatchObject({
      id,
      status: 'Pending',
      verbs: ['cancel'],
      waitingOn: { kind: 'slot', verb: 'cancel' },
    });
    expect(body.summary).toContain(`Waits for deployment ${ids[2]} on cluster "local".`);
    expect(body.summary).toContain('To go on: "cancel"');
  });

  it('says so when nothing keeps it', async () => {
    const { body } = await tenant.get(`/deployments/${await tenant.deploy()}/explain`);
    expect(body.summary).toBe('It is Pending and being worked on right now.');
  });
});

describe('a run that is due', () => {
  /** As the engine's clockwork might have left it; seconds from now, by the database's clock. */
  const leave = (id: string, wakeAt: number | null, leaseUntil: number | null = null) =>
    app.sql(
      `update runs set lease_owner = case when $3::int is null then null else gen_random_uuid() end,
         wake_at = clock_timestamp() + $2::int * interval '1 second',
         lease_until = clock_timestamp() + $3::int * interval '1 second' where id = $1`,
      [id, wakeAt, leaseUntil],
    );
  const told = async (id: string) => {
    const explained = await tenant.get(`/deployments/${id}/explain`);
    const detail = await tenant.get(`/deployments/${id}`);
    expect(detail.body.waitingOn).toEqual(explained.body.waitingOn);
    return explained.body;
  };
  const sinceOf = ({ waitingOn }: { waitingOn: { since: string } }) =>
    Math.round((Date.now() - Date.parse(waitingOn.since)) / 10_000) * 10;

  it('and that nobody takes waits for a worker, and since when', async () => {
    const id = await tenant.deploy();
    await leave(id, -3600);
    const body = await told(id);
    expect(body.waitingOn).toEqual({
      kind: 'worker',
      since: expect.any(String),
      until: null,
      verb: null,
      who: expect.stringContaining('whoever operates Tidegate'),
      detail: `no worker has taken it, although it has been due since ${body.waitingOn.since}`,
    });
    expect(sinceOf(body)).toBe(3600);
    expect(body.summary).toMatch(/^No worker has taken it, .* cut off from the database\.$/);
    expect(body.verbs).toEqual(['cancel']);
  });

  it('says nothing of a worker while one may be about to take it', async () => {
    const id = await tenant.deploy();
    await leave(id, -1);
    expect((await told(id)).waitingOn).toBeNull();
  });

  it('and leased is being worked on, however old what it waited for is', async () => {
    const id = await tenant.deploy();
    await app.sql(
      `update runs set waiting_on = '{"kind":"slot","since":0,"until":1000,"who":"w","verb":null,"detail":"d"}'
       where id = $1`,
      [id],
    );
    await leave(id, -3600, 3600);
    const body = await told(id);
    expect(body).toMatchObject({ waitingOn: null });
    expect(body.summary).toBe('It is Pending and being worked on right now.');
  });

  it('was being worked on until the lease of a dead worker ran out', async () => {
    const id = await tenant.deploy();
    await leave(id, -3600, -1);
    expect((await told(id)).waitingOn).toBeNull();
    await leave(id, -3600, -60);
    expect(sinceOf(await told(id))).toBe(60);
  });

  it('and was left awake when it ended waits for nobody', async () => {
    const id = await tenant.deploy();
    await app.sql(
      `update deployments set status = 'Failed', finished_at = clock_timestamp() where id = $1`,
      [id],
    );
    await leave(id, -3600);
    expect((await told(id)).waitingOn).toBeNull();
  });
});

it('shows a request that says nothing with the environment’s own strategy and gate', async () => {
  const { body } = await tenant.get(`/deployments/${ids[4]}`);
  const environment = await tenant.get('/environments/QA');
  expect(body.strategy.kind).toBe(environment.body.defaults.strategy.kind);
  expect(body).toMatchObject({ moduleName: orders.moduleName, gate: { kind: 'stabilization' } });
});
