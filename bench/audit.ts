/**
 * What the audit log costs: the transaction that writes an entry beside the same without, how late entries are
 * sealed, how fast a log is verified, how large a proof is, and a page of entries in a tenant of millions.
 *
 *   npm run bench:audit -- --help
 */
import { Rig } from './engine/rig.js';
import { milliseconds, printTable, spread } from './engine/figures.js';
import { steadyGate } from './engine/steady-gate.js';
import { type BenchTenant, makeWorld } from './engine/world.js';
import { newId } from '../src/kernel/ids.js';
import { readOptions } from '../test/support/options.js';
import { fillEntries } from './audit/fill.js';
import { allSealed, proofs, sealLag, verified, writeEntries } from './audit/log.js';
import { pages } from './audit/pages.js';
import { acceptedSides, inTurns, SLOTS, smallestSides } from './audit/transactions.js';

const options = readOptions('What the audit log costs, and how fast it answers.', {
  tenants: [200, 'that share what one has to itself in the row before', 1],
  seconds: [4, 'of each side and round of transactions; 0: none'],
  rounds: [7, 'whose median is printed', 1],
  rate: [500, 'entries a second that are sealed', 1],
  sealing: [60, 'seconds of them; 0: none'],
  verified: [100_000, 'entries of a log that is verified, at least', 1],
  proofs: [500, 'of its entries', 1],
  entries: [20_000_000, 'for the pages, a quarter of one tenant; 0: none'],
  pages: [30, 'of each question', 1],
  limit: [50, 'ms that the median of any page may take; 0: whatever it takes'],
});

/** Pages are only read: what is written for them need not survive anything. */
const FILLED_FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  maintenance_work_mem: '1GB',
  shared_buffers: '1GB',
};
const QUARTER = 4;
const OTHERS = 199;
/** Entries of one transaction. */
const AT_ONCE = 500;

const world = { clusters: 4, nodes: 1, modules: SLOTS, strategy: { kind: 'direct' } };

await cost();
if (options.entries > 0) await reading();

async function cost(): Promise<void> {
  const rig = await Rig.start();
  try {
    const sides = options.seconds > 0 ? await acceptedSides(rig) : null;
    if (!sides) await rig.startApi();
    const gate = steadyGate(30_000);
    const [hot, ...others] = await makeWorld(rig, {
      ...world,
      gate,
      tenants: 1 + options.tenants,
    });
    if (sides) await transactions(rig, sides, { hot: [hot!], others });
    await rig.startWorker();
    await log(rig, hot!, others);
  } finally {
    await rig.stop();
  }
}

async function transactions(
  rig: Rig,
  accepted: Awaited<ReturnType<typeof acceptedSides>>,
  worlds: { readonly hot: readonly BenchTenant[]; readonly others: readonly BenchTenant[] },
): Promise<void> {
  const rows = [['transaction', 'tenants', 'without', 'audited', 'ratio']];
  const smallest = await smallestSides(rig);
  for (const [name, sides] of [
    ['POST /deployments', accepted],
    ['one row of a node', smallest],
  ] as const) {
    for (const tenants of [worlds.hot, worlds.others]) {
      const { without, audited, ratio } = await inTurns(sides, tenants, options);
      const speed = (perSecond: number) => `${perSecond.toFixed(0)}/s`;
      const row = [name, `${tenants.length}`, speed(without), speed(audited), ratio.toFixed(3)];
      console.error(row.join('  '));
      rows.push(row);
    }
  }
  printTable('The audited transaction beside the same without', rows);
}

async function log(rig: Rig, hot: BenchTenant, others: readonly BenchTenant[]): Promise<void> {
  await allSealed(rig);
  const rows = [['what', 'figure']];
  if (options.sealing > 0) {
    for (const tenants of [[hot], others]) {
      const load = { perSecond: options.rate, seconds: options.sealing };
      const ids = tenants.map(({ id }) => id);
      const { lags, perSecond } = await sealLag(rig, ids, load);
      const what = `sealed after, ${perSecond.toFixed(0)} entries/s over ${ids.length} tenants`;
      rows.push([what, spread(lags)]);
    }
  }
  for (let count = 0; count < options.verified; count += AT_ONCE) {
    await writeEntries(rig, hot.id, AT_ONCE);
  }
  await allSealed(rig);
  const [entries, perSecond] = await verified(rig, hot.id);
  rows.push([`a log of ${entries} verified`, `${perSecond.toFixed(0)} entries/s`]);
  const { took, bytes, entryBytes } = await proofs(rig, hot.id, options.proofs);
  rows.push(['a proof of it made', spread(took)]);
  rows.push(['its size', `${bytes} bytes, and ${entryBytes} of the entry`]);
  printTable('The log', rows);
}

async function reading(): Promise<void> {
  const rig = await Rig.start({ postgres: FILLED_FAST });
  try {
    await rig.startApi();
    const [tenant] = await makeWorld(rig, {
      ...world,
      gate: steadyGate(30_000),
      tenants: 1,
      modules: 1,
    });
    const others = Array.from({ length: OTHERS }, () => newId());
    const since = performance.now();
    const fill = { tenantId: tenant!.id, others, entries: options.entries, share: QUARTER };
    await fillEntries(rig, fill);
    console.error(`filled in ${milliseconds(performance.now() - since)}`);
    const { rows, worst } = await pages(rig, tenant!, options.pages);
    const title = `GET /audit-logs, ${options.entries / QUARTER} entries of one tenant among ${options.entries}`;
    printTable(title, [['asked', 'shown', 'at best', 'took'], ...rows]);
    if (options.limit > 0 && worst > options.limit) process.exitCode = 1;
  } finally {
    await rig.stop();
  }
}
