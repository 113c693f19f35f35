import { release, RoutingBench } from '../../../test/support/routing-bench.js';

let bench: RoutingBench;
beforeEach(() => {
  bench = new RoutingBench();
});
afterEach(() => bench.end());

it('builds the table from the journal, with the offset and the shares', async () => {
  bench.serve('m', [release('a', 90), release('b', 10)]);
  await bench.routing.apply();
  expect(bench.front.tables.at(-1)?.routes).toEqual([
    expect.objectContaining({ moduleId: 'm', port: 1080 }),
  ]);
  const targets = bench.front.tables.at(-1)?.routes[0]?.targets ?? [];
  expect(targets.map((one) => [one.instance, one.weight])).toEqual([
    ['m-a', 90],
    ['m-b', 10],
  ]);
});

it('gives all the traffic to what is there', async () => {
  const [a, b] = [release('a', 90), release('b', 10)];
  bench.serve('m', [a, b], [b]);
  await bench.routing.apply();
  expect(bench.front.tables.at(-1)?.routes[0]?.targets.map((one) => one.weight)).toEqual([100]);
});

it('goes on from the version that the front has', async () => {
  bench.front.version = 41;
  bench.serve('m', [release('a', 100)]);
  await bench.routing.apply();
  expect(bench.front.version).toBe(42);
  bench.front.version = 99;
  await bench.routing.apply();
  expect(bench.front.version).toBe(100);
});

it('keeps the order of tables asked for at once', async () => {
  bench.serve('m', [release('a', 100)]);
  await Promise.all([bench.routing.apply(), bench.routing.apply(), bench.routing.apply()]);
  expect(bench.front.tables.map((table) => table.version)).toEqual([1, 2, 3]);
});

it('starts a front that is away again', async () => {
  bench.front.awayFor = 2;
  bench.serve('m', [release('a', 100)]);
  await bench.routing.apply();
  expect(bench.front.tables).toHaveLength(1);
  expect(bench.connections).toBe(3);
});

it('connects once for all who ask at the same time', async () => {
  await Promise.all([bench.routing.status(), bench.routing.status(), bench.routing.apply()]);
  expect(bench.connections).toBe(1);
});

it('leaves out the second of two modules on one port, and names it', async () => {
  bench.serve('m', [release('a', 100)]);
  bench.serve('n', [release('b', 100)]);
  bench.serve('o', [release('c', 100, 65_000)]);
  expect(await bench.routing.apply()).toEqual([
    { moduleId: 'n', port: 1080, code: 'port-in-use' },
    { moduleId: 'o', port: 66_000, code: 'listen-failed' },
  ]);
  expect(bench.routing.isTaken(1080, 'n')).toBe(true);
  expect(bench.routing.isTaken(1081, 'n')).toBe(false);
});

it.each([
  ['it has given out itself', (bench: RoutingBench) => bench],
  ['that an agent before it has', (bench: RoutingBench) => bench.anotherAgent()],
])('lets the module that serves a port keep it, %s', async (_what, agentOf) => {
  // Both were on their way before one of them served, so neither was refused at the start.
  bench.journal.serves('m', { generation: 0, releases: [] });
  bench.serve('n', [release('b', 100)]);
  await bench.routing.apply();
  const agent = agentOf(bench);
  bench.serve('m', [release('a', 100)]);
  expect(await agent.routing.apply()).toEqual([{ moduleId: 'm', port: 1080, code: 'port-in-use' }]);
  expect(bench.front.tables.at(-1)?.routes.map((one) => one.moduleId)).toEqual(['n']);
});

it('tells the front of new proxies at the next look, and of none when there are none', async () => {
  bench.serve('m', [release('a', 100)]);
  bench.journal.revisionAccepted(1, 5000);
  await bench.routing.apply();
  expect(bench.front.tables.at(-1)).not.toHaveProperty('trustedProxies');
  expect((await bench.routing.look()).isInForce).toBe(true);
  bench.trustedProxies.push('192.0.2.7', '10.0.0.0/8');
  bench.journal.revisionAccepted(2, 5000, ['10.0.0.0/8', '2001:db8::/32']);
  expect((await bench.routing.look()).isInForce).toBe(false);
  await bench.routing.apply();
  expect(bench.front.tables.at(-1)?.trustedProxies).toEqual([
    '192.0.2.7',
    '10.0.0.0/8',
    '2001:db8::/32',
  ]);
  expect((await bench.routing.look()).isInForce).toBe(true);
});

it('goes on with a front that knows nothing of proxies, and tells it again', async () => {
  bench.front.isOld = true;
  bench.serve('m', [release('a', 100)]);
  bench.journal.revisionAccepted(2, 5000, ['10.0.0.0/8']);
  await bench.routing.apply();
  expect(bench.front.tables.at(-1)).not.toHaveProperty('trustedProxies');
  expect(bench.front.tables.at(-1)?.routes).toHaveLength(1);
  bench.front.isOld = false;
  expect((await bench.routing.look()).isInForce).toBe(false);
  await bench.routing.apply();
  expect(bench.front.tables.at(-1)?.trustedProxies).toEqual(['10.0.0.0/8']);
});
