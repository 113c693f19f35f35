import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { ProcessInstance } from '../support/front-processes.js';
import { freePort } from '../support/free-port.js';
import { ask, FrontRig, Load, table, target, until } from '../support/front-rig.js';

describe('a failed attempt', () => {
  let rig: FrontRig;
  beforeEach(async () => (rig = await FrontRig.start()));
  afterEach(() => rig.stop());

  it.each(['GET', 'POST', 'PATCH', 'DELETE'])(
    'goes to another instance when the connection is refused: %s',
    async (method) => {
      const alive = await rig.instance('alive');
      const dead = { name: 'dead', port: await freePort() };
      await rig.front.apply(table(1, rig.port, [target(dead, 50), target(alive, 50)]));
      for (let count = 0; count < 6; count += 1) {
        const answer = await ask(rig.port, { method, ...bodyFor(method) });
        expect(answer).toMatchObject({ status: 200, body: 'alive' });
      }
      expect(alive.seen).toHaveLength(6);
      expect(await rig.counters('dead')).toMatchObject({ requests: 0, retries: 3 });
      expect(await rig.counters('alive')).toMatchObject({ requests: 6, retries: 0 });
    },
  );

  it('ends in 502 when every instance refuses', async () => {
    const dead = { name: 'dead', port: await freePort() };
    await rig.front.apply(table(1, rig.port, [target(dead)]));
    expect((await ask(rig.port, { method: 'POST', body: 'x' })).status).toBe(502);
    expect(await rig.counters('dead')).toMatchObject({ requests: 1, frontErrors: 1, retries: 2 });
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'is repeated for %s: once on a new connection, then on another instance',
    async (method) => {
      const { port: broken, connections } = await resetting(rig);
      const alive = await rig.instance('alive');
      const shares = [target({ name: 'broken', port: broken }, 50), target(alive, 50)];
      await rig.front.apply(table(1, rig.port, shares));
      expect((await ask(rig.port, { method })).status).toBe(200);
      expect(connections()).toBe(2);
      expect(alive.seen.map((each) => each.method)).toEqual([method]);
      expect(await rig.counters('broken')).toMatchObject({ requests: 0, retries: 2 });
    },
  );

  it.each(['POST', 'PATCH'])('is final for %s once it was sent', async (method) => {
    const { port: broken, connections } = await resetting(rig);
    const alive = await rig.instance('alive');
    const shares = [target({ name: 'broken', port: broken }, 50), target(alive, 50)];
    await rig.front.apply(table(1, rig.port, shares));
    expect((await ask(rig.port, { method, body: 'order' })).status).toBe(502);
    expect(connections()).toBe(1);
    expect(alive.seen).toHaveLength(0);
    expect(await rig.counters('broken')).toMatchObject({ frontErrors: 1, retries: 0 });
  });

  it('is final for PUT when its body had started', async () => {
    const broken = await rig.instance('broken', (request) => {
      request.once('data', () => request.socket.destroy());
    });
    const alive = await rig.instance('alive');
    await rig.front.apply(table(1, rig.port, [target(broken, 50), target(alive, 50)]));
    expect((await ask(rig.port, { method: 'PUT', body: 'x'.repeat(5000) })).status).toBe(502);
    expect(broken.seen).toHaveLength(1);
    expect(alive.seen).toHaveLength(0);
  });

  it('never goes back to an instance that left the table', async () => {
    const old = await rig.instance('old', (request) => {
      void rig.front.apply(table(2, rig.port, [target(next)])).then(() => request.socket.destroy());
    });
    const next = await rig.instance('next');
    await rig.front.apply(table(1, rig.port, [target(old)]));
    expect((await ask(rig.port)).body).toBe('next');
    expect(old.seen).toHaveLength(1);
  });

  it('is not repeated after 5xx, nor after a time-out, which is a 504', async () => {
    const sick = await rig.instance('sick', (request, response) => {
      if (request.url === '/silent') return;
      response.statusCode = 503;
      response.end();
    });
    const well = await rig.instance('well');
    const shares = [target(sick, 99), target(well, 1)];
    await rig.front.apply(table(1, rig.port, shares, { headersTimeoutMs: 2_000 }));
    expect((await ask(rig.port)).status).toBe(503);
    expect((await ask(rig.port, { path: '/silent' })).status).toBe(504);
    expect(sick.seen).toHaveLength(2);
    expect(well.seen).toHaveLength(0);
    expect(await rig.counters('sick')).toMatchObject({ errors: 1, frontErrors: 1 });
  });

  it('leaves the connection usable after a 502 in the middle of an upload', async () => {
    const broken = await rig.instance('broken', (request) => {
      request.once('data', () => request.socket.destroy());
    });
    await rig.front.apply(table(1, rig.port, [target(broken)]));
    const { Agent } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 3; count += 1) {
      const answer = await ask(rig.port, { method: 'POST', body: 'x'.repeat(2_000_000), agent });
      expect(answer.status).toBe(502);
    }
    agent.destroy();
  });
});

describe('an instance that closes connections at will', () => {
  it('loses no POST when the route says never to reuse one', async () => {
    const rig = await FrontRig.start();
    const moody = await rig.instance('moody', (request, response) => {
      request.resume();
      // Says nothing about closing, and closes: the next request on this connection is lost.
      request.on('end', () => response.end('done', () => request.socket.end()));
    });
    await rig.front.apply(table(1, rig.port, [target(moody)], { reuse: 'never' }));
    const load = new Load(rig.port, 4, () => ({ method: 'POST', body: 'order' }));
    await until(() => load.requests > 300, 'load');
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(moody.seen.every(({ headers }) => headers.connection === 'close')).toBe(true);
    await rig.stop();
  });
});

describe('an instance killed under load', () => {
  it('costs idempotent requests nothing and never executes a POST twice', async () => {
    const rig = await FrontRig.start();
    const executions = join(rig.stateDir, 'executions');
    const victim = await ProcessInstance.start('victim', executions);
    const survivor = await ProcessInstance.start('survivor', executions);
    rig.onStop(() => victim.end());
    rig.onStop(() => survivor.end());
    await rig.front.apply(table(1, rig.port, [target(victim, 50), target(survivor, 50)]));
    let posts = 0;
    const load = new Load(rig.port, 8, (client) =>
      client < 6 ? {} : { method: 'POST', path: `/order-${(posts += 1)}`, body: 'order' },
    );
    await until(() => load.requests > 200, 'load before the kill');
    await victim.end('SIGKILL');
    const before = load.requests;
    await until(() => load.requests > before + 200, 'load after the kill');
    await load.stop();
    expect(load.failures.filter((failure) => failure.startsWith('GET'))).toEqual([]);
    // At most what was at the victim at that moment: two clients post.
    expect(load.failures.length).toBeLessThanOrEqual(2);
    const executed = (await readFile(executions, 'utf8')).match(/POST .*/g)!;
    expect(new Set(executed).size).toBe(executed.length);
    expect(executed.length).toBeGreaterThanOrEqual(posts - load.failures.length);
    await rig.stop();
  }, 30_000);
});

function bodyFor(method: string): { body?: string } {
  return method === 'POST' || method === 'PATCH' ? { body: 'content' } : {};
}

/** An instance that takes a request and resets the connection without an answer. */
async function resetting(rig: FrontRig): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.once('data', () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  rig.onStop(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}
