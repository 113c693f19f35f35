import { runStoreChecks } from '../support/conformance/run-store.js';
import { SqlRunStoreBench } from '../support/sql-run-store-bench.js';

describe('the store in PostgreSQL', () => {
  let bench: SqlRunStoreBench;

  beforeAll(async () => {
    bench = await SqlRunStoreBench.open();
  });
  // Each check is alone with its runs: what others left behind is not due any more.
  afterEach(() => bench.sql('update runs set wake_at = null'));
  afterAll(() => bench?.close());

  it.each(runStoreChecks)('$name', ({ check }) => check(bench));
});
