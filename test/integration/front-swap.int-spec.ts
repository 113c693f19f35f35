import { Agent } from 'node:http';
import type { ServerResponse } from 'node:http';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Front } from '../../src/agent/front/front.js';
import { FrontState } from '../../src/agent/front/front-state.js';
import { freePort } from '../support/free-port.js';
import { ask, FrontRig, Load, table, target, until } from '../support/front-rig.js';

describe('a swap of instances', () => {
  let rig: FrontRig;
  beforeEach(async () => (rig = await FrontRig.start()));
  afterEach(() => rig.stop());

  it('loses no request in 20 swaps under load, GET and POST', async () => {
    const { front, port } = rig;
    let serving = await rig.instance('i-0');
    await front.apply(table(1, port, [target(serving)]));
    const load = new Load(port, 8, (client) =>
      client % 2 === 0 ? {} : { method: 'POST', body: 'x'.repeat(10_000) },
    );
    for (let swap = 1; swap <= 20; swap += 1) {
      const before = load.requests;
      await until(() => load.requests > before + 20, 'load between two swaps');
      const next = await rig.instance(`i-${swap}`);
      await front.apply(table(swap + 1, port, [target(next)]));
      expect(await front.drain(serving.name, 5000)).toEqual({ cut: 0, websockets: 0 });
      await serving.close();
      serving = next;
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.requests).toBeGreaterThan(400);
  }, 60_000);

  it('drains: waits for what is in flight, then closes its connections', async () => {
    const held: ServerResponse[] = [];
    const old = await rig.instance('old', (_, response) => void held.push(response));
    const next = await rig.instance('next');
    await rig.front.apply(table(1, rig.port, [target(old)]));
    const pending = ask(rig.port, { method: 'POST', body: 'work' });
    await until(() => held.length === 1, 'the request at the old instance');
    await rig.front.apply(table(2, rig.port, [target(next)]));
    let isDrained = false;
    const drained = rig.front.drain('old', 10_000).then((result) => {
      isDrained = true;
      return result;
    });
    expect((await ask(rig.port)).body).toBe('next');
    expect(isDrained).toBe(false);
    held[0]!.end('finished');
    expect(await drained).toEqual({ cut: 0, websockets: 0 });
    expect((await pending).body).toBe('finished');
    await until(() => old.sockets.size === 0, 'no connection to the old instance');
  });

  it('cuts and counts what exceeds the time to drain', async () => {
    const old = await rig.instance('old', (request, response) => {
      if (request.url === '/begun') response.write('half');
    });
    const next = await rig.instance('next');
    await rig.front.apply(table(1, rig.port, [target(old)]));
    const silent = ask(rig.port, { path: '/silent' });
    const begun = ask(rig.port, { path: '/begun' }).then(
      () => 'answered',
      () => 'connection cut',
    );
    await until(() => old.seen.length === 2, 'both requests at the old instance');
    await rig.front.apply(table(2, rig.port, [target(next)]));
    expect(await rig.front.drain('old', 50)).toEqual({ cut: 2, websockets: 0 });
    expect((await silent).status).toBe(502);
    expect(await begun).toBe('connection cut');
    expect(await rig.counters('old')).toMatchObject({ cut: 2, requests: 2, inFlight: 0 });
    await until(() => old.sockets.size === 0, 'no connection to the old instance');
  });

  it('refuses to drain an instance that still gets requests', async () => {
    const serving = await rig.instance('serving');
    await rig.front.apply(table(1, rig.port, [target(serving)]));
    await expect(rig.front.drain('serving', 10)).rejects.toMatchObject({
      code: 'instance-in-table',
    });
    expect(await rig.front.drain('never-heard-of', 10)).toEqual({ cut: 0, websockets: 0 });
  });

  it('serves again from an instance that came back after its drain', async () => {
    const one = await rig.instance('one');
    const two = await rig.instance('two');
    await rig.front.apply(table(1, rig.port, [target(one)]));
    await rig.front.apply(table(2, rig.port, [target(two)]));
    await rig.front.drain('one', 1000);
    await rig.front.apply(table(3, rig.port, [target(one)]));
    expect((await ask(rig.port)).body).toBe('one');
  });

  it('answers 503 with Retry-After when there is no instance', async () => {
    await rig.front.apply(table(1, rig.port, []));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const method of ['POST', 'PUT', 'POST']) {
      const answer = await ask(rig.port, { method, body: 'x'.repeat(100_000), agent });
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
    }
    agent.destroy();
  });

  it('splits 90 to 10 exactly and counts every request in the histogram', async () => {
    const many = await rig.instance('many');
    const few = await rig.instance('few');
    await rig.front.apply(table(1, rig.port, [target(many, 90), target(few, 10)]));
    for (let count = 0; count < 200; count += 1) await ask(rig.port);
    expect(many.seen).toHaveLength(180);
    expect(few.seen).toHaveLength(20);
    for (const [name, requests] of [
      ['many', 180],
      ['few', 20],
    ] as const) {
      const counters = await rig.counters(name);
      expect(counters.requests).toBe(requests);
      expect(counters.histogram.reduce((sum, [, count]) => sum + count, 0)).toBe(requests);
    }
  });

  it('counts 5xx of the instance as errors and 4xx as answers', async () => {
    const odd = await rig.instance('odd', (request, response) => {
      response.statusCode = Number(request.url!.slice(1));
      response.end();
    });
    await rig.front.apply(table(1, rig.port, [target(odd)]));
    for (const path of ['/200', '/404', '/500', '/503']) await ask(rig.port, { path });
    expect(await rig.counters('odd')).toMatchObject({ requests: 4, errors: 2, frontErrors: 0 });
  });
});

describe('the routing table', () => {
  let rig: FrontRig;
  beforeEach(async () => (rig = await FrontRig.start()));
  afterEach(() => rig.stop());

  it('refuses a stale version, and answers the very same table alike', async () => {
    const one = await rig.instance('one');
    const applied = table(7, rig.port, [target(one)]);
    expect(await rig.front.apply(applied)).toEqual({ version: 7, failed: [] });
    expect(await rig.front.apply(applied)).toEqual({ version: 7, failed: [] });
    for (const stale of [table(7, rig.port, []), table(6, rig.port, [target(one)])]) {
      await expect(rig.front.apply(stale)).rejects.toMatchObject({ code: 'stale-version' });
    }
    expect((await ask(rig.port)).body).toBe('one');
  });

  it.each([
    ['weights that do not add up', (port: number) => table(1, port, [target(at('a', 1), 60)])],
    ['an unknown field', (port: number) => ({ ...table(1, port, []), extra: 1 })],
    ['a port out of range', () => table(1, 70_000, [])],
    ['an instance twice', (port: number) => table(1, port, [half('a'), half('a')])],
    ['nothing at all', () => undefined],
  ])('refuses %s and changes nothing', async (_, make) => {
    await expect(rig.front.apply(make(rig.port))).rejects.toMatchObject({ code: 'invalid-table' });
    expect((await rig.front.status()).version).toBe(0);
  });

  it('is on disk, private, before the answer, and a new front goes on with it', async () => {
    const one = await rig.instance('one');
    const applied = table(3, rig.port, [target(one)]);
    await rig.front.apply(applied);
    const path = join(rig.stateDir, 'front-table.json');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(applied);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await rig.front.stop(0);
    const again = new Front({ host: '127.0.0.1', state: new FrontState(rig.stateDir) });
    rig.onStop(() => again.stop(0));
    expect(await again.start()).toEqual({ version: 3, failed: [] });
    expect((await ask(rig.port)).body).toBe('one');
    await expect(again.apply(table(2, rig.port, []))).rejects.toMatchObject({
      code: 'stale-version',
    });
  });

  it('puts an unreadable table aside and starts empty', async () => {
    const path = join(rig.stateDir, 'front-table.json');
    await writeFile(path, '{"version":3,');
    const again = new Front({ host: '127.0.0.1', state: new FrontState(rig.stateDir) });
    expect(await again.start()).toEqual({ version: 0, failed: [] });
    expect(await readFile(`${path}.unreadable`, 'utf8')).toBe('{"version":3,');
  });

  it('reports a port in use for that module only, and opens it when it is free', async () => {
    const one = await rig.instance('one');
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const taken = (blocker.address() as AddressInfo).port;
    const both = table(1, rig.port, [target(one)]);
    const blocked = { ...both.routes[0]!, moduleId: 'module-2', port: taken, targets: [] };
    const applied = { version: 1, routes: [...both.routes, blocked] };
    const failed = [{ moduleId: 'module-2', port: taken, code: 'port-in-use' }];
    expect(await rig.front.apply(applied)).toEqual({ version: 1, failed });
    expect((await ask(rig.port)).body).toBe('one');
    expect((await rig.front.status()).routes.map(({ listening }) => listening)).toEqual([
      true,
      false,
    ]);
    await new Promise<void>((resolve) => blocker.close(() => resolve()));
    expect(await rig.front.apply(applied)).toEqual({ version: 1, failed: [] });
    expect((await ask(taken)).status).toBe(503);
  });

  it('closes a port that left the table, and can open it again', async () => {
    const one = await rig.instance('one');
    await rig.front.apply(table(1, rig.port, [target(one)]));
    await rig.front.apply({ version: 2, routes: [] });
    await expect(ask(rig.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await rig.front.apply(table(3, rig.port, [target(one)]));
    expect((await ask(rig.port)).body).toBe('one');
  });

  it('follows an instance to another port and goes on counting', async () => {
    const first = await rig.instance('same');
    const second = await rig.instance('moved');
    await rig.front.apply(table(1, rig.port, [target(first)]));
    await ask(rig.port);
    await rig.front.apply(table(2, rig.port, [target({ name: 'same', port: second.port })]));
    expect((await ask(rig.port)).body).toBe('moved');
    expect((await rig.counters('same')).requests).toBe(2);
  });

  it('forgets the counters of an instance one table after it is drained', async () => {
    const one = await rig.instance('one');
    const names = async () => (await rig.front.status()).counters.map(({ instance }) => instance);
    await rig.front.apply(table(1, rig.port, [target(one)]));
    await rig.front.apply(table(2, await freePort(), []));
    expect(await names()).toEqual(['one']);
    await rig.front.apply(table(3, rig.port, []));
    expect(await names()).toEqual([]);
  });
});

function at(name: string, port: number) {
  return { name, port };
}

function half(name: string) {
  return target({ name, port: 1 }, 50);
}
