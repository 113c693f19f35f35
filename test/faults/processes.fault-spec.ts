/**
 * Machines that die, processes that are killed or frozen, servers that go away: real agents, real
 * processes, and what must hold whatever happens. A rollout ends, in one status, and moves no node
 * twice; traffic does not notice.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Client } from '../support/client.js';
import { withClient } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/front-rig.js';
import { nodeOffsets, type TestNode } from '../support/nodes.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { expectLegal, Rollouts, say, startsIn, type Entry } from '../support/rollouts.js';
import { TestService, Traffic } from '../support/service.js';
import { quickGate, Tidegate } from '../support/tidegate.js';

jest.setTimeout(150_000);

/** What is judged here is what a fault does, not how fast a busy machine answers. */
const calmGate = {
  ...quickGate,
  minWaitMs: 3000,
  maxWaitMs: 60_000,
  minRequests: 10,
  limitCpuPercent: 1000,
  limitMemoryPercent: 1000,
  limitLatencyPercent: 1000,
  floorCpuMillicores: 64_000,
  floorMemoryMiB: 10_000,
  floorLatencyMs: 10_000,
};
/** At most so many nodes in one Tidegate. */
const NODES = 13;
const direct = { strategy: { kind: 'direct' } };
const canary = (...wavesPercent: number[]) => ({ strategy: { kind: 'canary', wavesPercent } });

describe('machines that die in mid-rollout', () => {
  let tidegate: Tidegate;
  let client: Client;
  let rollouts: Rollouts;
  let service: TestService;
  let traffic: Traffic;
  const clusters = new Map<string, TestNode[]>();

  beforeAll(async () => {
    tidegate = await Tidegate.start({ environment: { TIDEGATE_REPORT_INTERVAL_MS: '1000' } });
    client = await tidegate.client();
    rollouts = new Rollouts(tidegate, client, calmGate);
    service = new TestService(client, 'orders', await freePort(nodeOffsets(NODES)));
    await service.push('1.0.0');
    await service.push('2.0.0', { startMs: 3000 });
    await service.push('2.1.0');
    const sizes = { converge: 3, gate: 2, many: 3, only: 2, watched: 2 };
    const all = Object.entries(sizes).map(async ([name, size]) => {
      await client.post('/clusters', { name, environment: 'QA' });
      clusters.set(name, await tidegate.addNodes(size, { cluster: name }));
      await rollouts.expectEnd(await on(name, '1.0.0', direct), 'Succeeded');
    });
    await Promise.all(all);
    traffic = new Traffic([...clusters.values()].flat(), service.port, 60);
    await client.until('/nodes', () => traffic.sent > 1500, 90_000);
  }, 150_000);

  afterAll(async () => {
    await traffic?.stop();
    await tidegate?.stop();
  });

  const on = (cluster: string, version: string, more: object) =>
    rollouts.begin('orders', version, { cluster, ...more });
  const node = (cluster: string, name: string) =>
    clusters.get(cluster)!.find((each) => each.name === name)!;
  const leftOut = (journal: readonly Entry[]) =>
    journal.filter(({ data }) => data.leftOut).map(({ stepId, data }) => [stepId, data.leftOut]);

  /** By its front, as its users see it. */
  async function expectServes(nodes: readonly TestNode[], version: string): Promise<void> {
    for (const { name, portOffset } of nodes) {
      const url = `http://127.0.0.1:${service.port + portOffset}/`;
      const deadline = performance.now() + 40_000;
      let last = '';
      while (last !== version && performance.now() < deadline) {
        last = await fetch(url)
          .then((response) => response.text())
          .catch(String);
        if (last !== version) await pause(100);
      }
      expect({ name, last }).toEqual({ name, last: version });
    }
  }

  async function restart(nodes: readonly TestNode[]): Promise<void> {
    await Promise.all(nodes.map((each) => each.run()));
  }

  /** A node is Lost after 20 s: these wait for it at the same time, each on its own cluster. */
  const works: (() => Promise<void>)[] = [];
  let running: Promise<void>[] | undefined;
  const together = (name: string, work: () => Promise<void>) => {
    const at = works.push(work) - 1;
    it(name, () => {
      running ??= works.map((each) => each());
      void Promise.allSettled(running);
      return running[at];
    });
  };

  together('goes on without one node that is lost while its wave converges', async () => {
    const id = await on('converge', '2.0.0', canary(60, 100));
    await rollouts.converging(id);
    const [name = ''] = await rollouts.waveNodes(id, 1);
    await node('converge', name).killMachine();
    say(`deployment ${id}: ${name} died in w1.converge`);
    const journal = await rollouts.expectEnd(id, 'Succeeded');
    expect(leftOut(journal)).toEqual([['w1.converge', [name]]]);
    await restart([node('converge', name)]);
    await expectServes(clusters.get('converge')!, '2.0.0');
  });

  together('goes on without one node that is lost while its gate watches', async () => {
    // Long enough for the silence to be noticed: a gate that ends before has no node to miss.
    const gate = { ...calmGate, minWaitMs: 24_000 };
    const id = await on('gate', '2.1.0', { ...canary(100), gate });
    await rollouts.watching(id);
    const [name = ''] = await rollouts.waveNodes(id, 1);
    await node('gate', name).killMachine();
    say(`deployment ${id}: ${name} died in w1's gate`);
    const journal = await rollouts.expectEnd(id, 'Succeeded');
    expect(leftOut(journal)).toEqual([['w1.stabilization', [name]]]);
    await restart([node('gate', name)]);
    await expectServes(clusters.get('gate')!, '2.1.0');
  });

  together('goes back when more are lost than may be, in whichever wave', async () => {
    const id = await on('many', '2.0.0', canary(60, 100));
    await rollouts.converging(id);
    const names = [(await rollouts.waveNodes(id, 1))[0]!, (await rollouts.waveNodes(id, 2))[0]!];
    const dead = names.map((name) => node('many', name));
    await Promise.all(dead.map((each) => each.killMachine()));
    say(`deployment ${id}: ${names.join(' and ')} died in w1.converge`);
    const journal = await rollouts.expectEnd(id, 'RolledBack');
    expect(leftOut(journal)[0]).toEqual(['w1.converge', [names[0]]]);
    await restart(dead);
    await expectServes(clusters.get('many')!, '1.0.0');
  });

  together('goes back when a whole wave is lost, and moves on without its node', async () => {
    const id = await on('only', '2.0.0', canary(50, 100));
    await rollouts.converging(id);
    const [name = ''] = await rollouts.waveNodes(id, 1);
    await node('only', name).killMachine();
    say(`deployment ${id}: ${name} died in w1.converge`);
    await rollouts.expectEnd(id, 'RolledBack');
    await rollouts.expectEnd(await on('only', '2.1.0', direct), 'Succeeded');
    // It was no part of that rollout: what it gets is what its cluster runs now.
    await restart([node('only', name)]);
    await expectServes(clusters.get('only')!, '2.1.0');
  });

  together('goes back when the only node of a wave is lost while it is watched', async () => {
    const id = await on('watched', '2.1.0', canary(50, 100));
    await rollouts.watching(id);
    const [name = ''] = await rollouts.waveNodes(id, 1);
    await node('watched', name).killMachine();
    say(`deployment ${id}: ${name} died in w1's gate`);
    await rollouts.expectEnd(id, 'RolledBack');
    await restart([node('watched', name)]);
    await expectServes(clusters.get('watched')!, '1.0.0');
  });
});

describe('a control plane, a database and agents that are killed', () => {
  let postgres: OwnPostgres;
  let tidegate: Tidegate;
  let rollouts: Rollouts;
  let nodes: TestNode[];
  let service: TestService;
  let traffic: Traffic;
  let diary: string;
  let moves = 0;

  beforeAll(async () => {
    postgres = await OwnPostgres.start();
    tidegate = await Tidegate.start({ isProcess: true, database: postgres.database });
    const client = await tidegate.client();
    rollouts = new Rollouts(tidegate, client, calmGate);
    nodes = await tidegate.addNodes(3);
    diary = join(tidegate.home, 'diary');
    service = new TestService(client, 'orders', await freePort(nodeOffsets(NODES)));
    await service.push('1.0.0', { diary });
    for (const version of ['2.0.0', '3.0.0', '4.0.0']) {
      await service.push(version, { diary, startMs: 1000 });
    }
    await move('1.0.0', direct, async () => {});
    traffic = new Traffic(nodes, service.port, 25);
    await client.until('/nodes', () => traffic.sent > 1500, 90_000);
  }, 150_000);

  afterAll(async () => {
    await traffic?.stop();
    await tidegate?.stop();
    await postgres?.stop();
  });

  /** A rollout with a fault in it: it succeeds, every node moves once, nothing starts twice. */
  async function move(version: string, more: object, fault: (id: string) => Promise<void>) {
    const id = await rollouts.begin('orders', version, more);
    await fault(id);
    await rollouts.expectEnd(id, 'Succeeded');
    moves += 1;
    const names = nodes.map(({ name }) => name);
    expect(await rollouts.generations('orders')).toEqual(
      Object.fromEntries(names.map((name) => [name, [moves, moves]])),
    );
    const starts = await startsIn(diary);
    const expected = names.map((name) => [`${name} ${version}`, 1]);
    expect(starts).toMatchObject(Object.fromEntries(expected));
    expect({ failed: traffic?.failed ?? 0 }).toEqual({ failed: 0 });
  }

  async function killAndRestart(when: string): Promise<void> {
    await tidegate.kill();
    const [{ count } = { count: 0 }] = await rollouts.rows<{ count: number }>(
      'select count(*)::int as count from journal',
    );
    say(`control plane killed ${when}, journal at ${count} entries`);
    await tidegate.restart();
  }

  it('resumes a canary after kill -9 while nodes converge and while a gate watches', async () => {
    await move('2.0.0', canary(10, 50, 100), async (id) => {
      await rollouts.converging(id);
      await killAndRestart('in w1.converge');
      await rollouts.watching(id);
      await killAndRestart("in w1's gate");
    });
  });

  it('resumes a canary after the database was killed and recovered, twice', async () => {
    await move('3.0.0', canary(40, 100), async (id) => {
      await rollouts.converging(id);
      await postgres.crash();
      await rollouts.watching(id);
      await postgres.crash();
      say('database crashed in w1.converge and in a gate');
    });
  });

  it('swaps without a failed request when every agent is killed in mid-swap', async () => {
    await move('4.0.0', direct, async () => {
      await Promise.all(
        nodes.map(async (each) => {
          const key = `${each.name} 4.0.0`;
          while (!(await startsIn(diary))[key]) await pause(5);
          await each.killAgent();
          await each.run();
        }),
      );
      say('all agents killed between the start of 4.0.0 and its first request');
    });
  });

  it('starts what it has accepted when it is killed right after the answer', async () => {
    const id = await rollouts.begin('orders', '4.0.0', direct);
    await killAndRestart('right after the 202');
    await rollouts.expectEnd(id, 'Succeeded');
    moves += 1;
    expect(Object.values(await rollouts.generations('orders'))).toEqual(
      nodes.map(() => [moves, moves]),
    );
    expect({ failed: traffic.failed }).toEqual({ failed: 0 });
  });
});

describe('a cluster with two workers', () => {
  const MODULES = ['orders', 'billing', 'search', 'mail'];
  let tidegate: Tidegate;
  let client: Client;
  let rollouts: Rollouts;
  let traffic: Traffic;

  beforeAll(async () => {
    tidegate = await Tidegate.start({ mode: 'cluster', workerProcesses: 2 });
    client = await tidegate.client();
    rollouts = new Rollouts(tidegate, client, calmGate);
    const nodes = await tidegate.addNodes(2);
    const services: TestService[] = [];
    for (const name of MODULES) {
      const service = new TestService(client, name, await freePort(nodeOffsets(NODES)));
      await service.push('1.0.0');
      services.push(service);
    }
    await services[0]!.push('2.0.0', { startMs: 1000 });
    await services[0]!.push('2.1.0', { startMs: 1000 });
    await Promise.all(
      MODULES.map(async (name) =>
        rollouts.expectEnd(await rollouts.begin(name, '1.0.0', direct), 'Succeeded'),
      ),
    );
    traffic = new Traffic(nodes, services[0]!.port, 25);
  }, 150_000);

  afterAll(async () => {
    await traffic?.stop();
    await tidegate?.stop();
  });

  it('makes one deployment of twenty parallel requests with one key', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => rollouts.post('billing', '1.0.0', direct, 'build-7')),
    );
    const others = answers.filter(({ status }) => status !== 202);
    for (const { status, body } of others) {
      expect([status, body.code]).toEqual([409, 'idempotency-key-in-flight']);
    }
    const ids = new Set(answers.flatMap(({ status, body }) => (status === 202 ? [body.id] : [])));
    expect(ids.size).toBe(1);
    const [id] = [...ids] as string[];
    await rollouts.expectEnd(id!, 'Succeeded');
    const made = await rollouts.rows('select id from deployments where id >= $1', [id]);
    expect(made).toHaveLength(1);
  });

  it('gives each of fifty rollouts one end, however a cancel races with its steps', async () => {
    const seed = Date.now() % 100_000;
    say(`seed ${seed}`);
    const random = randomFrom(seed);
    const ends: string[] = [];
    await Promise.all(
      MODULES.map(async (name) => {
        // Around the end of a rollout, however fast the machine is today.
        let tookMs = 500;
        for (let round = 0; round < 13; round += 1) {
          const from = performance.now();
          // Two for one slot: the second waits for its turn, or gets it from a cancelled first.
          const count = random() < 0.2 ? 2 : 1;
          const begin = () => rollouts.begin(name, '1.0.0', direct);
          const ids = await Promise.all(Array.from({ length: count }, begin));
          await pause(tookMs * (0.4 + random()) - (performance.now() - from));
          const { status, body } = await client.post(`/deployments/${ids[0]}/cancel`, {});
          if (status !== 202) expect({ status, body }).toMatchObject({ status: 409 });
          for (const id of ids) {
            const end = await rollouts.ended(id);
            const journal = await rollouts.journal(id);
            expectLegal(journal);
            expect(end.status).toMatch(/^(Succeeded|Cancelled)$/);
            if (status === 202 && id === ids[0]) expect(end.status).toBe('Cancelled');
            if (end.status === 'Succeeded' && count === 1) tookMs = spanMs(journal);
            if (end.status === 'Cancelled') tookMs *= 1.1;
            ends.push(end.status);
          }
        }
      }),
    );
    say(`${ends.length} ended, ${ends.filter((end) => end === 'Cancelled').length} Cancelled`);
    expect(new Set(ends)).toEqual(new Set(['Succeeded', 'Cancelled']));
    const held = await rollouts.rows(
      'select 1 from deployment_slots where holder_deployment_id is not null',
    );
    expect(held).toEqual([]);
  });

  it('fences a worker that slept through its lease', async () => {
    const [one, two] = tidegate.workers;
    two!.freeze();
    try {
      await withClient(tidegate.database.superuser, async (lock) => {
        one!.freeze();
        const id = await rollouts.begin('orders', '1.0.0', direct);
        // Its first step gets no further than to read the release.
        await lock.query('begin; lock table releases in access exclusive mode');
        one!.thaw();
        const hasBegun = async () =>
          (await rollouts.journal(id)).some(({ kind }) => kind === 'step-started');
        await until(hasBegun, 'the first step to begin');
        one!.freeze();
        const fenceOf = async () =>
          (await rollouts.rows<{ fence: string }>('select fence from runs where id = $1', [id]))[0]!
            .fence;
        const before = await fenceOf();
        two!.thaw();
        await until(async () => (await fenceOf()) !== before, 'the other one to take over');
        await lock.query('commit');
        const journal = await rollouts.expectEnd(id, 'Succeeded');
        one!.thaw();
        await until(async () => (await fencedWrites(one!.url)) > 0, 'the sleeper to be fenced');
        expect(await rollouts.journal(id)).toEqual(journal);
        say(`deployment ${id}: fence ${before} slept in preflight`);
      });
    } finally {
      one!.thaw();
      two!.thaw();
    }
  });

  it('ends its rollouts when Redis forgets everything, and when it is gone', async () => {
    const { redis } = tidegate;
    if (!redis?.kill) return say('skipped: the Redis in REDIS_URL is not ours to kill');
    await until(() => traffic.sent > 1000, 'traffic for a baseline');
    const first = await rollouts.begin('orders', '2.0.0', canary(50, 100));
    const { Redis } = await import('ioredis');
    const flusher = new Redis(redis.url);
    await rollouts.converging(first);
    await flusher.flushall();
    await rollouts.watching(first);
    await flusher.flushall();
    flusher.disconnect();
    await rollouts.expectEnd(first, 'Succeeded');

    const second = await rollouts.begin('orders', '2.1.0', canary(50, 100));
    await rollouts.watching(second);
    await redis.kill();
    const third = await rollouts.begin('billing', '1.0.0', direct);
    const [, , started] = await untilJournal(third, 3);
    const waitedMs = started!.at.getTime() - (await rollouts.journal(third))[0]!.at.getTime();
    say(`started ${waitedMs} ms after it was accepted, without Redis`);
    expect(waitedMs).toBeLessThan(10_000);
    await rollouts.expectEnd(third, 'Succeeded');
    await rollouts.expectEnd(second, 'Succeeded');
    expect({ failed: traffic.failed }).toEqual({ failed: 0 });
  });

  async function untilJournal(id: string, entries: number) {
    const isThere = async () => (await rollouts.journal(id)).length >= entries;
    await until(isThere, `${entries} entries in the journal of ${id}`);
    return rollouts.journal(id);
  }
});

function spanMs(journal: readonly Entry[]): number {
  return journal.at(-1)!.at.getTime() - journal[0]!.at.getTime();
}

async function fencedWrites(url: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  return Number(/^tidegate_fenced_writes_total (\d+)/m.exec(text)?.[1] ?? 0);
}

/** mulberry32: the same numbers from the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
