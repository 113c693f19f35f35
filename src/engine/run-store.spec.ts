import { runStoreChecks } from '../../test/support/conformance/run-store.js';
import { fakeRunStoreBench } from '../../test/support/fake-run-store-bench.js';

describe('the store in memory', () => {
  it.each(runStoreChecks)('$name', ({ check }) => check(fakeRunStoreBench()));
});

describe('a store that forgets to fence', () => {
  it('fails exactly the checks that are about the fence', async () => {
    const failed: string[] = [];
    for (const { name, check } of runStoreChecks) {
      await check(fakeRunStoreBench({ fencing: false })).catch(() => failed.push(name));
    }
    expect(failed).toEqual(
      runStoreChecks.map(({ name }) => name).filter((name) => name.endsWith('(fence)')),
    );
  });
});
