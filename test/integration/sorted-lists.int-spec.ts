/** Lists as tables that people sort, filter and search: each order and each filter, in pages of two. */
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';

let app: DeploymentsApp;
let tenant: DeployingTenant;

beforeAll(async () => {
  app = await DeploymentsApp.start();
  tenant = await app.tenant('acme', 3);
  await tenant.nodes('Staging', 2);
  for (const [module, version] of [
    ['Billing'.toLowerCase(), '1.0.0'],
    ['stock', '0.9.0'],
    ['orders', '1.10.0'],
    ['orders', '1.2.0'],
  ] as const) {
    await tenant.release(module, version);
  }
  for (const change of [
    {},
    { moduleName: 'stock', version: '0.9.0' },
    { moduleName: 'billing', targetEnvironment: 'Staging' },
    { version: '1.2.0', targetEnvironment: 'Staging' },
  ]) {
    await tenant.deploy(change);
  }
  const ids = (await tenant.get('/deployments?sort=createdAt')).body.items as { id: string }[];
  await app.sql(
    `update deployments set status = 'Succeeded', finished_at = now() - interval '1 hour',
       requested_by = 'key:ci' where id = $1`,
    [ids[1]!.id],
  );
  await app.sql(
    `update deployments set status = 'Failed', finished_at = now(), created_at = now() - interval '2 days',
       kind = 'retry' where id = $1`,
    [ids[2]!.id],
  );
  await app.sql(
    `update nodes n set labels = '{"zone": "a", "50%": "_"}' from clusters c
     join environments e on e.id = c.environment_id
     where c.id = n.cluster_id and e.name = 'Staging' and n.name = 'node-0002'`,
  );
  // As an answer shows it: without what is less than a millisecond.
  await app.sql(
    `update node_presence set last_report_at = date_trunc('second', now()) + interval '1 hour'`,
  );
  await app.sql(
    `update node_presence p set last_report_at = now() - interval '1 minute' from nodes n
     where n.id = p.node_id and n.name = 'node-0003'`,
  );
  for (const username of ['zoe', 'Adam', 'mia']) {
    const { userId } = await app.whole.member(
      tenant.id,
      username === 'mia' ? 'Deployer' : 'Viewer',
    );
    await app.sql('update users set username = $2, username_key = lower($2) where id = $1', [
      userId,
      `list-${username}`,
    ]);
  }
}, 60_000);
afterAll(() => app?.close());

type Item = Record<string, string>;

/** In pages of two, as a table that is scrolled. */
async function all(path: string, query: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor = ''; ;) {
    const { status, body } = await tenant.as('Admin', `${path}?${query}&limit=2${cursor}`);
    expect([path, query, status]).toEqual([path, query, 200]);
    items.push(...(body.items as Item[]));
    expect(items.every((item) => !('sortValue' in item))).toBe(true);
    if (body.nextCursor === null) return items;
    cursor = `&cursor=${body.nextCursor}`;
  }
}

const low = (text: string | undefined) => `${text ?? '~'}`.toLowerCase();

describe.each([
  ['/deployments', 'finishedAt', (item: Item) => low(item.finishedAt)],
  ['/deployments', 'module', (item: Item) => low(item.moduleName)],
  ['/deployments', 'environment', (item: Item) => low(item.targetEnvironment)],
  ['/deployments', 'status', (item: Item) => low(item.status)],
  ['/deployments', 'requestedBy', (item: Item) => low(item.requestedBy)],
  ['/nodes', 'name', (item: Item) => low(item.name)],
  ['/nodes', 'cluster', (item: Item) => low(`${item.environment}/${item.cluster}`)],
  ['/nodes', 'state', (item: Item) => item.state!],
  ['/nodes', 'lastReportAt', (item: Item) => low(item.lastReportAt)],
  ['/modules', 'name', (item: Item) => item.name!],
  ['/modules/orders/releases', 'version', (item: Item) => item.version!],
  ['/modules/orders/releases', 'createdBy', (item: Item) => item.createdBy!],
  ['/modules/orders/releases', 'artifactBytes', (item: Item) => low(item.artifactBytes)],
  ['/clusters', 'name', (item: Item) => item.name!],
  ['/clusters', 'environment', (item: Item) => low(item.environment)],
  ['/users', 'username', (item: Item) => low(item.username)],
  ['/users', 'joinedAt', (item: Item) => low(item.joinedAt)],
  ['/deployments', 'createdAt', (item: Item) => item.id!],
  ['/nodes', 'createdAt', (item: Item) => item.id!],
  ['/modules', 'createdAt', (item: Item) => item.id!],
  ['/users', 'createdAt', (item: Item) => item.id!],
])('%s by %s', (path, sort, valueOf) => {
  it.each(['', '-'])('comes in pages without gap or repetition (%s)', async (sign) => {
    const found = await all(path, `sort=${sign}${sort}`);
    const whole = await all(path, '');
    expect(whole.length).toBeGreaterThanOrEqual(3);
    expect(found.map(({ id }) => id).toSorted()).toEqual(whole.map(({ id }) => id).toSorted());
    const rising = found.map((item) => `${valueOf(item)} ${item.id}`);
    if (sign === '-') rising.reverse();
    expect(rising).toEqual(rising.toSorted());
  });
});

describe('deployments', () => {
  const found = async (query: string) =>
    (await all('/deployments', `sort=createdAt&${query}`)).map(
      ({ moduleName, version, targetEnvironment }) =>
        `${moduleName} ${version} ${targetEnvironment}`,
    );
  const [first, second, third, fourth] = [
    'orders 1.0.0 QA',
    'stock 0.9.0 QA',
    'billing 1.0.0 Staging',
    'orders 1.2.0 Staging',
  ];

  it.each([
    ['status=Succeeded,Failed', [second, third]],
    ['status=Pending', [first, fourth]],
    ['kind=retry', [third]],
    ['environment=staging', [third, fourth]],
    ['cluster=local&module=orders', [first, fourth]],
    ['cluster=nothing', []],
    ['version=1.0.0', [first, third]],
    ['requestedBy=key:ci', [second]],
    [`to=${new Date(Date.now() - 86_400_000).toISOString()}`, [third]],
    [`from=${new Date(Date.now() - 86_400_000).toISOString()}`, [first, second, fourth]],
    ['text=ORD', [first, fourth]],
    ['text=%25', []],
    ['text=0.9', [second]],
    ['text=key:ci&status=Succeeded', [second]],
  ])('are found by %s', async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });
});

it.each([
  ['/nodes', 'state=Lost', ['node-0003']],
  ['/nodes', 'label=zone=a', ['node-0002']],
  ['/nodes', `label=${encodeURIComponent('50%=_')}`, ['node-0002']],
  ['/nodes', 'label=zone=b', []],
  ['/nodes', 'text=E-0001&sort=name', ['node-0001', 'node-0001']],
  ['/modules', 'text=o&sort=name', ['orders', 'stock']],
  ['/clusters', 'text=loc&environment=QA', ['local']],
])('%s are found by %s', async (path, query, expected) => {
  expect((await all(path, query)).map(({ name }) => name)).toEqual(expected);
});

it('finds releases by their version and who has pushed them, and people by their role', async () => {
  const releases = async (query: string) =>
    (await all('/modules/orders/releases', `sort=version&${query}`)).map(({ version }) => version);
  expect(await releases('text=1.1')).toEqual(['1.10.0']);
  expect(await releases('createdBy=nobody')).toEqual([]);
  expect(await releases('signed=true')).toEqual([]);
  expect(await releases('signed=false&createdBy=test')).toEqual(['1.0.0', '1.10.0', '1.2.0']);
  const people = await all('/users', 'role=Viewer&text=list-&sort=username');
  expect(people.map(({ username }) => username)).toEqual(['list-Adam', 'list-zoe']);
});

it('refuses what is no order, status, label or time', async () => {
  for (const [path, query] of [
    ['/deployments', 'sort=version'],
    ['/deployments', 'status=Running,Nothing'],
    ['/deployments', 'from=yesterday'],
    ['/deployments', 'text='],
    ['/nodes', 'label=zone'],
    ['/nodes', 'state='],
    ['/users', 'sort=-'],
  ]) {
    const { status, body } = await tenant.as('Admin', `${path}?${query}`);
    expect([path, query, status, body.code]).toEqual([path, query, 400, 'validation-failed']);
  }
});
