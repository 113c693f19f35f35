/**
 * Whatever is written when, whoever seals beside whom and dies where: each tenant's log stays one tree of all
 * its entries, each in it once, and every checkpoint of it is the beginning of the next.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { sealTrees } from '../../src/edges/audit/log/sealing.js';
import type { Database } from '../../src/platform/database/database.js';
import type { SystemTransaction } from '../../src/platform/database/transaction.js';
import { AuditRig, openDatabase } from '../support/audit-rig.js';
import { expectOneTree, expectOnlyGrown, leavesOf } from '../support/audit-trees.js';

const RUNS = 12;
const TENANTS = 2;
/** Statements of one batch: a sealer dies before any of them, or before its commit. */
const STATEMENTS = 8;

let rig: AuditRig;
let databases: Database[];
let sealers: LogSealer[];
beforeAll(async () => {
  rig = await AuditRig.start();
  databases = await Promise.all([1, 2, 3].map(() => openDatabase(rig.database)));
  sealers = databases.map((db) => rig.sealer(db));
}, 60_000);
afterAll(async () => {
  await Promise.all(databases?.map((db) => db.close()) ?? []);
  await rig?.stop();
});

type Step =
  | { readonly kind: 'append'; readonly tenant: number; readonly count: number }
  | { readonly kind: 'seal'; readonly sealers: number }
  | { readonly kind: 'crash'; readonly before: number }
  | { readonly kind: 'robbed'; readonly tenant: number };

const tenant = fc.nat({ max: TENANTS - 1 });
const append = fc.record({
  kind: fc.constant('append' as const),
  tenant,
  count: fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 5 }), weight: 5 },
    // A tile and its neighbours.
    { arbitrary: fc.constantFrom(255, 256, 257), weight: 1 },
  ),
});
const steps = fc.array<Step>(
  fc.oneof(
    { arbitrary: append, weight: 4 },
    {
      arbitrary: fc.record({
        kind: fc.constant('seal' as const),
        sealers: fc.integer({ min: 1, max: 3 }),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('crash' as const),
        before: fc.nat({ max: STATEMENTS }),
      }),
      weight: 2,
    },
    { arbitrary: fc.record({ kind: fc.constant('robbed' as const), tenant }), weight: 1 },
  ),
  { minLength: 4, maxLength: 10 },
);

/** As `tx`, but before its nth statement something else happens. */
function interrupted(
  tx: SystemTransaction,
  before: number,
  what: () => Promise<void>,
): SystemTransaction {
  let count = 0;
  return new Proxy(tx, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      const method = value as (...given: unknown[]) => unknown;
      if (name !== 'query' && name !== 'execute') return method.bind(target);
      return async (...given: unknown[]) => {
        if (count === before) await what();
        count += 1;
        return method.apply(target, given);
      };
    },
  });
}

/** Of two tenants, and how much has been written of each. */
class Life {
  private constructor(
    private readonly tenants: readonly string[],
    private readonly written: number[],
  ) {}

  static async begin(): Promise<Life> {
    const tenants: string[] = [];
    for (let at = 0; at < TENANTS; at += 1) tenants.push(await rig.tenant());
    return new Life(
      tenants,
      tenants.map(() => 0),
    );
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'append') await this.append(step.tenant, step.count);
    else if (step.kind === 'seal') await this.seal(step.sealers);
    else if (step.kind === 'crash') await this.crash(step.before);
    else await this.robbed(step.tenant);
  }

  async end(): Promise<void> {
    await sealers[0]!.seal();
    for (const [at, id] of this.tenants.entries()) {
      await expectOneTree(rig, id, this.written[at]!);
      await expectOnlyGrown(rig, id);
    }
  }

  private async append(at: number, count: number): Promise<void> {
    await rig.appendAtOnce(this.tenants[at]!, count);
    this.written[at]! += count;
  }

  /** While somebody writes. None is refused: who comes second leaves the tree alone. */
  private async seal(count: number): Promise<void> {
    const some = sealers.slice(0, count);
    await Promise.all([...some.map((sealer) => sealer.seal()), this.append(0, 1)]);
  }

  private async crash(before: number): Promise<void> {
    const sealed = databases[0]!.system(async (tx) => {
      const dies = () => Promise.reject(new Error('died'));
      await sealTrees(interrupted(tx, before, dies), rig.key, this.tenants);
      throw new Error('died');
    });
    await expect(sealed).rejects.toThrow('died');
  }

  /** An entry that is being sealed is taken from under the sealer, as one of the same trees would. */
  private async robbed(at: number): Promise<void> {
    const tenantId = this.tenants[at]!;
    await this.append(at, 2);
    const kept = await leavesOf(rig, tenantId);
    const taken = () =>
      rig
        .sql(
          `with gone as (delete from audit_pending where ctid = (
             select ctid from audit_pending where tenant_id = $1 limit 1) returning *)
           insert into robbed_pending select * from gone`,
          [tenantId],
        )
        .then(() => undefined);
    const sealed = databases[0]!.system((tx) =>
      sealTrees(interrupted(tx, 3, taken), rig.key, [tenantId]),
    );
    await expect(sealed).rejects.toThrow('another sealer');
    expect(await leavesOf(rig, tenantId)).toHaveLength(kept.length);
    await rig.sql(
      `with back as (delete from robbed_pending returning *) insert into audit_pending select * from back`,
    );
  }
}

it('is one tree, whatever happens to whoever seals it', async () => {
  await rig.sql('create table robbed_pending (like audit_pending)');
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const life = await Life.begin();
      for (const step of taken) await life.take(step);
      await life.end();
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 120_000);
