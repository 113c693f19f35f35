import { newId } from '../../src/kernel/ids.js';
import type { SparseHistogram } from '../../src/kernel/histogram.js';
import { agentMetricSource } from '../../src/drivers/metric-sources/agent/agent-metric-source.js';
import type { NodeInterval } from '../../src/drivers/metric-sources/metric-source.js';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';
import { quietEvents } from '../support/quiet-events.js';

const MIB = 1024 * 1024;
const SECOND = 1000;

interface Row {
  at: number;
  instance?: string;
  releaseId?: string;
  requests?: number;
  errors?: number;
  cpuMs?: number;
  memoryMiB?: number;
  histogram?: SparseHistogram;
  abandoned?: SparseHistogram;
}

describe('the agents’ counters as intervals', () => {
  let database: TestDatabase;
  let db: Database;
  /** A whole second in the recent past, so that rows lie in partitions that exist. */
  const start = Math.floor(Date.now() / SECOND) * SECOND - 30 * 60 * SECOND;
  const tenantId = newId();
  let moduleId: string;
  let nodeId: string;
  const releaseId = newId();

  beforeAll(async () => {
    database = await freshDatabase();
    const { app, system } = database;
    const log = { warn: () => undefined, error: () => undefined };
    db = await Database.open({
      app,
      system,
      poolSize: 2,
      systemPoolSize: 2,
      log,
      recorder: quietEvents(),
    });
  });
  afterAll(async () => {
    await db?.close();
    await database?.drop();
  });
  beforeEach(() => {
    moduleId = newId();
    nodeId = newId();
  });

  const store = (rows: Row[], options: { node?: string; tenant?: string } = {}) =>
    db.transaction(Context.system(options.tenant ?? tenantId, 'test'), async (open) => {
      for (const row of rows) {
        await open.tx.execute(
          `insert into node_metrics (tenant_id, node_id, module_id, release_id, instance, at,
               requests, errors, cpu_ms, memory_bytes, counters)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          [
            open.tenantId,
            options.node ?? nodeId,
            moduleId,
            row.releaseId ?? releaseId,
            row.instance ?? 'a',
            new Date(start + row.at),
            row.requests ?? 0,
            row.errors ?? 0,
            row.cpuMs ?? 0,
            (row.memoryMiB ?? 64) * MIB,
            JSON.stringify({ histogram: row.histogram ?? [], abandoned: row.abandoned }),
          ],
        );
      }
    });

  const read = async (from: number, to: number, nodes = [nodeId]): Promise<NodeInterval[]> => {
    const request = { key: 'k', tenantId, moduleId, nodeIds: nodes };
    const found = await db.system((tx) =>
      agentMetricSource.readIntervals(tx, [{ ...request, fromMs: start + from, toMs: start + to }]),
    );
    return found.get('k')!;
  };

  it('subtracts the last row up to the start from the last row up to the end', async () => {
    await store([
      { at: 0, requests: 100, errors: 1, cpuMs: 1000, histogram: [[40, 100]] },
      { at: 5_000, requests: 150, errors: 1, cpuMs: 1500, memoryMiB: 70, histogram: [[40, 150]] },
      { at: 10_000, requests: 180, errors: 3, cpuMs: 3000, memoryMiB: 68, histogram: [[40, 175], [50, 5]] }, // prettier-ignore
      { at: 15_000, requests: 999, errors: 99, cpuMs: 9000 },
    ]);
    expect(await read(0, 10_000)).toEqual([
      {
        nodeId,
        requests: 80,
        errors: 2,
        histogram: [
          [40, 75],
          [50, 5],
        ],
        cpuCores: 0.2,
        memoryMiBMin: 68,
        lastSampleAt: start + 10_000,
        sinceMs: start,
        counterResets: 0,
        samples: 2,
      },
    ]);
  });

  it('takes the interval open at its start and closed at its end', async () => {
    await store([
      { at: 0, requests: 1 },
      { at: 1_000, requests: 3 },
      { at: 2_000, requests: 7 },
    ]);
    expect((await read(1_000, 2_000))[0]).toMatchObject({ requests: 4, samples: 1 });
    expect((await read(0, 1_000))[0]).toMatchObject({ requests: 2, samples: 1 });
  });

  it('counts a new instance from zero and adds it to the old one', async () => {
    await store([
      { at: 0, requests: 1000, cpuMs: 50_000, histogram: [[30, 1000]] },
      { at: 5_000, requests: 1010, cpuMs: 50_500, histogram: [[30, 1010]] },
      { at: 10_000, instance: 'b', requests: 20, errors: 2, cpuMs: 500, memoryMiB: 90, histogram: [[31, 20]] }, // prettier-ignore
    ]);
    expect((await read(0, 10_000))[0]).toMatchObject({
      requests: 30,
      errors: 2,
      histogram: [
        [30, 10],
        [31, 20],
      ],
      cpuCores: 0.1,
      // The old instance is gone: its memory is no longer the node's.
      memoryMiBMin: 90,
      counterResets: 0,
    });
  });

  it('adds the memory of instances that run side by side', async () => {
    await store([
      { at: 5_000, memoryMiB: 100 },
      { at: 5_000, instance: 'b', memoryMiB: 60 },
      { at: 10_000, memoryMiB: 90 },
      { at: 10_000, instance: 'b', memoryMiB: 70 },
    ]);
    expect((await read(0, 10_000))[0]?.memoryMiBMin).toBe(150);
  });

  it('drops and reports an instance whose counter fell, and never answers a negative number', async () => {
    await store([
      { at: 0, requests: 500, cpuMs: 9000 },
      { at: 0, instance: 'b', requests: 10, cpuMs: 100 },
      { at: 10_000, requests: 3, cpuMs: 9500 },
      { at: 10_000, instance: 'b', requests: 15, cpuMs: 200 },
    ]);
    expect((await read(0, 10_000))[0]).toMatchObject({
      requests: 5,
      cpuCores: 0.01,
      counterResets: 1,
    });
  });

  it('notices a fall that only the histogram shows', async () => {
    await store([
      { at: 0, requests: 10, histogram: [[9, 10]] },
      { at: 10_000, requests: 12, histogram: [[9, 8]] },
    ]);
    expect((await read(0, 10_000))[0]).toMatchObject({
      requests: 0,
      histogram: [],
      counterResets: 1,
    });
  });

  it('answers what clients gave up in the interval, and nothing where nobody did', async () => {
    await store([
      { at: 0, requests: 10, abandoned: [[130, 4]] },
      { at: 0, instance: 'c', requests: 5 },
      { at: 10_000, requests: 12, abandoned: [[120, 1], [130, 6]] }, // prettier-ignore
      { at: 10_000, instance: 'b', requests: 1, abandoned: [[130, 3]] },
      { at: 10_000, instance: 'c', requests: 6 },
      { at: 20_000, requests: 13, abandoned: [[120, 1], [130, 6]] }, // prettier-ignore
    ]);
    expect((await read(0, 10_000))[0]).toMatchObject({
      requests: 4,
      abandoned: [
        [120, 1],
        [130, 5],
      ],
    });
    expect((await read(10_000, 20_000))[0]).not.toHaveProperty('abandoned');
  });

  it('subtracts what was given up before a gap, too', async () => {
    await store([
      { at: -20 * 60_000, requests: 70_000, abandoned: [[130, 500]] },
      { at: 10_000, requests: 70_090, abandoned: [[130, 501]] },
    ]);
    expect((await read(0, 10_000))[0]).toMatchObject({ requests: 90, abandoned: [[130, 1]] });
  });

  it('bridges a gap of many minutes without taking the whole life of the instance for new', async () => {
    await store([
      { at: -20 * 60_000, requests: 70_000, cpuMs: 1_000_000 },
      { at: 10_000, requests: 70_090, cpuMs: 1_121_000 },
    ]);
    expect((await read(0, 10_000))[0]).toMatchObject({ requests: 90, cpuCores: 0.1 });
  });

  it('leaves a node without a sample out instead of answering zeros', async () => {
    const silent = newId();
    await store([{ at: 0, requests: 5 }], { node: silent });
    await store([{ at: 5_000, requests: 5 }]);
    const found = await read(0, 10_000, [silent, nodeId]);
    expect(found.map((interval) => interval.nodeId)).toEqual([nodeId]);
  });

  it('splits by release while two releases run on a node', async () => {
    const canary = newId();
    await store([
      { at: 0, requests: 100, histogram: [[20, 100]] },
      { at: 10_000, requests: 190, errors: 1, histogram: [[20, 190]] },
      { at: 10_000, instance: 'b', releaseId: canary, requests: 10, errors: 5, histogram: [[60, 10]] }, // prettier-ignore
    ]);
    expect((await read(0, 10_000))[0]).toMatchObject({
      requests: 100,
      errors: 6,
      byRelease: {
        [releaseId]: { requests: 90, errors: 1, histogram: [[20, 90]] },
        [canary]: { requests: 10, errors: 5, histogram: [[60, 10]] },
      },
    });
  });

  it('reads one release alone, or leaves instances out, while two run on a node', async () => {
    const other = newId();
    await store([
      { at: 0, instance: 'old', requests: 100, cpuMs: 100, memoryMiB: 50 },
      { at: 5_000, instance: 'old', requests: 190, cpuMs: 400, memoryMiB: 50 },
      { at: 5_000, instance: 'new', releaseId: other, requests: 10, cpuMs: 50, memoryMiB: 70 },
    ]);
    const of = async (more: object) => {
      const request = { key: 'k', tenantId, moduleId, nodeIds: [nodeId], ...more };
      const found = await db.system((tx) =>
        agentMetricSource.readIntervals(tx, [{ ...request, fromMs: start, toMs: start + 5_000 }]),
      );
      return found.get('k');
    };
    const alone = [{ requests: 10, cpuCores: 0.01, memoryMiBMin: 70 }];
    expect(await of({ releaseId: other })).toMatchObject(alone);
    expect(await of({ exceptInstances: ['old'] })).toMatchObject(alone);
    expect(await of({})).toMatchObject([{ requests: 100, memoryMiBMin: 120 }]);
    expect(await of({ releaseId: newId() })).toEqual([]);
  });

  it('answers many requests of several tenants in one statement, each with its own', async () => {
    const other = newId();
    await store([{ at: 1_000, requests: 7 }]);
    await store([{ at: 1_000, requests: 9 }], { tenant: other });
    let statements = 0;
    const found = await db.system((tx) => {
      const asks = new Set(['query', 'first', 'queryPlannedOnce', 'execute']);
      const counting = new Proxy(tx, {
        get: (of, name) => {
          if (asks.has(String(name))) statements += 1;
          const value = Reflect.get(of, name) as unknown;
          return typeof value === 'function' ? (value.bind(of) as unknown) : value;
        },
      });
      const request = { moduleId, nodeIds: [nodeId], fromMs: start, toMs: start + 5_000 };
      return agentMetricSource.readIntervals(counting, [
        { ...request, key: 'mine', tenantId },
        { ...request, key: 'theirs', tenantId: other },
        { ...request, key: 'later', tenantId, fromMs: start + 5_000, toMs: start + 6_000 },
        { ...request, key: 'nobody', tenantId, nodeIds: [] },
      ]);
    });
    expect(statements).toBe(1);
    expect(found.get('mine')?.[0]?.requests).toBe(7);
    expect(found.get('theirs')?.[0]?.requests).toBe(9);
    expect(found.get('later')).toEqual([]);
    expect(found.get('nobody')).toEqual([]);
  });

  it('shows a tenant nothing of another one, whatever tenant the request names', async () => {
    await store([{ at: 1_000, requests: 7 }]);
    const found = await db.transaction(Context.system(newId(), 'test'), (open) =>
      agentMetricSource.readIntervals(open.tx, [
        { key: 'k', tenantId, moduleId, nodeIds: [nodeId], fromMs: start, toMs: start + 5_000 },
      ]),
    );
    expect(found.get('k')).toEqual([]);
  });

  it('cuts history into buckets that end at the end, oldest first, with gaps left empty', async () => {
    await store([
      { at: -1_000, requests: 100, cpuMs: 1000 },
      { at: 9_000, requests: 110, cpuMs: 2000 },
      { at: 29_000, requests: 150, cpuMs: 2500 },
      { at: 31_000, instance: 'b', requests: 4, cpuMs: 10 },
      { at: 39_000, instance: 'b', requests: 6, cpuMs: 20 },
    ]);
    const history = await db.transaction(Context.system(tenantId, 'test'), (open) =>
      agentMetricSource.readHistory(open.tx, {
        tenantId,
        moduleId,
        nodeIds: [nodeId],
        fromMs: start - 3_000,
        toMs: start + 40_000,
        pollMs: 10_000,
      }),
    );
    expect(history.map((bucket) => bucket.map(({ requests }) => requests))).toEqual([
      [10],
      [],
      [40],
      [6],
    ]);
    expect(history[0]?.[0]?.cpuCores).toBeCloseTo(0.1);
    expect(history[2]?.[0]?.cpuCores).toBeCloseTo(0.025);
  });

  it('answers no bucket when the time is shorter than one poll', async () => {
    const history = await db.system((tx) =>
      agentMetricSource.readHistory(tx, {
        tenantId,
        moduleId,
        nodeIds: [nodeId],
        fromMs: start,
        toMs: start + 9_999,
        pollMs: 10_000,
      }),
    );
    expect(history).toEqual([]);
  });
});
