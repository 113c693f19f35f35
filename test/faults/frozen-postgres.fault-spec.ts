import { afterEach, expect, it, jest } from '@jest/globals';
import { OwnPostgres } from '../support/own-postgres.js';
import { Tidegate } from '../support/tidegate.js';

jest.setTimeout(120_000);

let postgres: OwnPostgres | undefined;
let tidegate: Tidegate | undefined;
afterEach(async () => {
  await postgres?.thaw();
  await tidegate?.stop();
  await postgres?.stop();
});

it('a frozen PostgreSQL does not keep a worker from ending within its grace', async () => {
  postgres = await OwnPostgres.start();
  const { database } = postgres;
  tidegate = await Tidegate.start({ mode: 'cluster', database, workerProcesses: 1 });
  await postgres.freeze();
  const from = performance.now();
  await tidegate.workers[0]!.stop();
  // The grace of a process is 10 s by default.
  expect(performance.now() - from).toBeLessThan(15_000);
});
