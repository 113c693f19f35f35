import { CLAIM_DUE } from '../../src/deployments/runs/claim-due.store.js';
import { newId } from '../../src/kernel/ids.js';
import { withClient } from '../support/database.js';
import { valuesOf } from '../../src/platform/database/statement.js';
import { SqlRunStoreBench } from '../support/sql-run-store-bench.js';

const LEASE_MS = 60_000;
const BATCH = 32;

interface Pile {
  readonly tenants: number;
  readonly each: number;
  readonly lane?: 'normal' | 'rollback';
  /** Negative: they sleep. */
  readonly dueSeconds: number;
}

describe('claiming in a flood', () => {
  let bench: SqlRunStoreBench;

  beforeAll(async () => {
    bench = await SqlRunStoreBench.open();
  });
  afterEach(() => bench.sql('truncate runs'));
  afterAll(() => bench?.close());

  /** Runs alone: what claiming reads. Answers the tenants. */
  async function pile({ tenants, each, lane = 'normal', dueSeconds }: Pile): Promise<string[]> {
    const ids = Array.from({ length: tenants }, () => newId());
    await bench.sql(
      `insert into runs (tenant_id, kind, id, lane, wake_at)
       select tenant, 'deployment', gen_random_uuid(), $3,
         clock_timestamp() - $4::int * interval '1 second' + random() * interval '1 millisecond'
       from unnest($1::uuid[]) as tenant, generate_series(1, $2)`,
      [ids, each, lane, dueSeconds],
    );
    return ids;
  }

  const claim = (limit = BATCH) => bench.store.claimDue(newId(), LEASE_MS, limit);
  const tenantsOf = (leases: Awaited<ReturnType<typeof claim>>) =>
    leases.map(({ key }) => key.tenantId);

  it("a tenant with thousands of due runs does not delay another tenant's", async () => {
    const [flooding] = await pile({ tenants: 1, each: 5_000, dueSeconds: 600 });
    const others = await pile({ tenants: 10, each: 2, dueSeconds: 1 });
    await pile({ tenants: 20, each: 10, dueSeconds: -600 });
    const claimed = tenantsOf(await claim());
    expect(claimed).toHaveLength(BATCH);
    for (const other of others) expect(claimed.filter((id) => id === other)).toHaveLength(2);
    expect(claimed.filter((id) => id === flooding)).toHaveLength(BATCH - 20);
  });

  it('rollbacks pass a flood', async () => {
    await pile({ tenants: 1, each: 5_000, dueSeconds: 600 });
    const [back] = await pile({ tenants: 1, each: 20, lane: 'rollback', dueSeconds: 0 });
    expect(tenantsOf(await claim()).filter((id) => id === back).length).toBeGreaterThanOrEqual(7);
    expect(tenantsOf(await claim(1))).toEqual([back]);
  });

  it('gives workers that ask at once batches of their own, and full ones', async () => {
    await pile({ tenants: 3, each: 1_000, dueSeconds: 600 });
    const batches = await Promise.all([claim(), claim(), claim()]);
    const ids = batches.flat().map(({ key }) => key.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(3 * BATCH);
  });

  it('takes a flood to its end, each run once', async () => {
    await pile({ tenants: 2, each: 700, dueSeconds: 60 });
    const seen = new Set<string>();
    for (let batch = await claim(200); batch.length > 0; batch = await claim(200)) {
      for (const { key } of batch) seen.add(key.id);
    }
    expect(seen.size).toBe(1_400);
  });

  it('reads little where much sleeps, and not what one tenant has piled up', async () => {
    await pile({ tenants: 100, each: 300, dueSeconds: -600 });
    const few = await pile({ tenants: 10, each: 1, dueSeconds: 1 });
    await bench.sql('analyze runs');
    expect(await pagesRead()).toBeLessThan(600);
    await pile({ tenants: 1, each: 5_000, dueSeconds: 600 });
    expect(await pagesRead()).toBeLessThan(3_000);
    expect(tenantsOf(await claim())).toEqual(expect.arrayContaining(few));
  });

  /** Of the statement as the worker's role runs it; the claim itself is taken back. */
  async function pagesRead(): Promise<number> {
    return withClient(bench.database.system, async (client) => {
      await client.query('begin');
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) ${CLAIM_DUE.text}`,
        valuesOf(CLAIM_DUE, {
          owner: newId(),
          leaseMs: LEASE_MS,
          limit: BATCH,
          kinds: ['deployment'],
        }),
      );
      await client.query('rollback');
      const { Plan: plan } = rows[0]!['QUERY PLAN'][0];
      return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    });
  }
});
