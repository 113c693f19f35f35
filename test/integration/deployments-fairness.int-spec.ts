/** One engine and two tenants, one of which has queued far more than the engine takes at once. */
import { SqlRunStore } from '../../src/deployments/runs/sql-run-store.js';
import { Engine } from '../../src/engine/engine.js';
import { LeaseKeeper } from '../../src/engine/lease-keeper.js';
import { systemClock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { DeploymentsApp, type DeployingTenant } from '../support/deployments-app.js';
import { eventually } from '../support/eventually.js';

const QUEUED = 120;
/** What one engine takes at once, twice: those before and those beside the other tenant's. */
const AT_MOST_BEFORE = 64;

describe('an engine', () => {
  let app: DeploymentsApp;
  let flooding: DeployingTenant;
  let other: DeployingTenant;
  let engine: Engine;

  beforeAll(async () => {
    app = await DeploymentsApp.start();
    flooding = await app.tenant('flooding', 1);
    other = await app.tenant('other', 1);
  });
  beforeEach(() => {
    const store = app.whole.get(SqlRunStore);
    const log = Logger.silent();
    const nothing = () => undefined;
    engine = new Engine({
      store,
      log,
      interpreter: app.interpreter(),
      clock: systemClock,
      pollers: [],
      leases: new LeaseKeeper(store, newId(), systemClock, log),
      metrics: { fenced: nothing, polled: nothing, poisoned: nothing },
      kinds: app.kinds(),
    });
  });
  afterEach(async () => {
    await engine.stop(10_000);
    await app.sql('update runs set wake_at = null');
  });
  afterAll(() => app?.close());

  /** Asked to end before they have begun: each needs one look of the engine. */
  async function queue(tenant: DeployingTenant, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let number = 0; number < count; number += 1) {
      const moduleName = `module-${newId()}`;
      await tenant.release(moduleName, '1.0.0');
      const id = await tenant.deploy({ moduleName });
      await tenant.post(`/deployments/${id}/cancel`, {});
      ids.push(id);
    }
    return ids;
  }

  /** How many of the flood were over when this one was. */
  async function endedBefore(id: string, flood: readonly string[]): Promise<number> {
    const [row] = await app.sql<{ count: number }>(
      `select count(*)::int as count from deployments f, deployments own
       where own.id = $1 and f.id = any($2) and f.finished_at <= own.finished_at`,
      [id, flood],
    );
    return row!.count;
  }

  const isOver = async (ids: readonly string[]) => {
    const open = await app.sql(
      'select 1 from deployments where id = any($1) and finished_at is null',
      [ids],
    );
    expect(open).toEqual([]);
  };

  it("a tenant with many queued deployments does not delay another tenant's", async () => {
    const flood = await queue(flooding, QUEUED);
    const [late] = await queue(other, 1);
    engine.start();
    await eventually(() => isOver([...flood, late!]), 60_000);
    expect(await endedBefore(late!, flood)).toBeLessThanOrEqual(AT_MOST_BEFORE);
  });

  it('rollbacks pass a flood of the same tenant', async () => {
    const flood = await queue(flooding, QUEUED);
    const [back] = await queue(flooding, 1);
    await app.sql(`update runs set lane = 'rollback' where id = $1`, [back]);
    engine.start();
    await eventually(() => isOver([...flood, back!]), 60_000);
    expect(await endedBefore(back!, flood)).toBeLessThanOrEqual(AT_MOST_BEFORE);
  });
});
