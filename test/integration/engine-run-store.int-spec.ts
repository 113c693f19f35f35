import { newId } from '../../src/kernel/ids.js';
import { runStoreChecks } from '../support/conformance/run-store.js';
import { ERRAND } from '../support/errands.js';
import { SqlRunStoreBench } from '../support/sql-run-store-bench.js';

describe.each(['deployment', ERRAND])(
  'the store in PostgreSQL, with runs of the kind "%s"',
  (kind) => {
    let bench: SqlRunStoreBench;

    beforeAll(async () => {
      bench = await SqlRunStoreBench.open(kind);
    });
    // Each check is alone with its runs: what others left behind is not due any more.
    afterEach(() => bench.sql('update runs set wake_at = null'));
    afterAll(() => bench?.close());

    it.each(runStoreChecks)('$name', ({ check }) => check(bench));

    it('leaves a run alone whose kind only a newer version knows', async () => {
      const key = await bench.add();
      const known = await bench.add();
      await bench.sql(`update runs set kind = 'journey' where id = $1`, [key.id]);
      const taken = await bench.store.claimDue(newId(), 1_000, 10);
      expect(taken.map((lease) => lease.key)).toEqual([known]);
    });
  },
);
