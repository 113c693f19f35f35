/** A person is erased from months of the log that lie in the archive, and the log stays whole. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ObjectStore } from '../../src/drivers/storage/object-store.js';
import { ErasureRunner } from '../../src/edges/audit/erasure/erasure-runner.js';
import { sealTrees } from '../../src/edges/audit/log/sealing.js';
import { verifyTenant } from '../../src/edges/audit/verification/verify-tenant.js';
import { auditLimits } from '../../src/kernel/audit-limits.js';
import { newId } from '../../src/kernel/ids.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { Context } from '../../src/platform/context.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { AuditRig } from '../support/audit-rig.js';

const PSEUDONYM = 'erased-person-0123456789abcdef';
const ADDRESS = 'ana@before.example';
let rig: AuditRig;
let tenantId: string;
const ana = newId();

const middleOf = (monthsAgo: number): number => {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo, 15, 12);
};

beforeAll(async () => {
  jest.replaceProperty(auditLimits, 'erasureSettlesMs', 0 as never);
  rig = await AuditRig.start();
  await rig.sql(`insert into tenants (id, slug, name)
    values ('00000000-0000-7000-8000-000000000001', 'platform', 'Platform') on conflict do nothing`);
  await rig.sql(
    `insert into users (id, username, username_key, password_hash)
    values ($1, 'Ana', 'ana', 'x')`,
    [ana],
  );
  await rig.sql(`select tidegate_ensure_partitions(to_timestamp($1))`, [middleOf(6) / 1000]);
  await rig.sql(`select tidegate_ensure_partitions(to_timestamp($1))`, [middleOf(3) / 1000]);
  tenantId = await rig.tenant();
  for (const ago of [6, 5, 4, 1]) await write(middleOf(ago));
  await rig.archiver().run();
  await seal();
}, 120_000);
afterAll(async () => {
  jest.restoreAllMocks();
  await rig?.stop();
});

/** In each month one that names her, one that names others, and what tells of her address. */
async function write(ms: number): Promise<void> {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(ms);
  try {
    await rig.append(tenantId, 2, {
      subject: { kind: 'user', id: 'ana' },
      body: { by: 'ana', requestedBy: 'bob' },
    });
    await rig.append(tenantId, 1, { body: { email: ADDRESS, userId: ana } });
    await rig.append(tenantId, 1, { subject: { kind: 'user', id: 'bob' }, body: { by: ADDRESS } });
  } finally {
    clock.mockRestore();
  }
  await seal();
}

const seal = () => rig.db.system((tx) => sealTrees(tx, rig.key, [tenantId]));
const ctx = () => Context.system(tenantId, 'test');
const runner = (store: ObjectStore = rig.store) =>
  new ErasureRunner(rig.db, store, Logger.silent());

const agree = () =>
  rig.sql(
    `insert into audit_erasures (tenant_id, id, person_id, reason, status, requested_by, expires_at,
       confirmed_by, confirmed_at, pseudonym, wake_at)
     values ($1, $2, $3, 'a ticket', 'confirmed', $4, now(), $5, now(), $6, now())`,
    [tenantId, newId(), ana, newId(), newId(), PSEUDONYM],
  );
const erasure = async () =>
  (
    await rig.sql(
      `select status, entries_changed::int as entries, values_erased::int as values
       from audit_erasures where tenant_id = $1 order by requested_at desc limit 1`,
      [tenantId],
    )
  )[0];
const goOn = () => rig.sql('update audit_erasures set lease_until = null');

/** Every object that the store has of the tenant, unpacked, by its name. */
async function objects(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const root of ['archive', 'personal']) {
    const folder = join(rig.folder, 'store', root, tenantId, 'audit');
    for (const name of await readdir(folder)) {
      found[name] = gunzipSync(await readFile(join(folder, name))).toString();
    }
  }
  return found;
}

const report = () =>
  verifyTenant(ctx(), {
    database: rig.db,
    reader: rig.reader(),
    sinks: rig.sinks,
    verifiers: [parseVerifierKey(rig.key.verifierOf(tenantId))],
  });

/** A store that fails in one place, once. */
function failing(method: 'archive' | 'delete'): ObjectStore {
  let isOver = false;
  return new Proxy(rig.store, {
    get(store, name) {
      const value = Reflect.get(store, name, store) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (name === method && !isOver) {
          isOver = true;
          return Promise.reject(new Error('the store is full'));
        }
        return (value as (...all: unknown[]) => unknown).apply(store, given);
      };
    },
  });
}

describe('a person in the archive', () => {
  it('is erased there, over a store that fails, without a trace in an older version', async () => {
    const before = await objects();
    expect(Object.keys(before)).toHaveLength(6);
    expect(Object.values(before).join('')).toContain('"ana"');
    const leaves = Object.entries(before).filter(([name]) => !name.includes('personal'));
    await agree();
    await expect(runner(failing('archive')).run()).rejects.toThrow('full');
    expect(await erasure()).toMatchObject({ status: 'confirmed' });
    await goOn();
    // The new files count by now, and what they took the place of is still there.
    await expect(runner(failing('delete')).run()).rejects.toThrow('full');
    expect(Object.values(await objects()).join('')).toContain('"ana"');
    await goOn();
    await runner().run();
    expect(await erasure()).toEqual({ status: 'done', entries: 16, values: 24 });
    const after = await objects();
    expect(Object.keys(after).filter((name) => name.includes('personal.2'))).toHaveLength(3);
    expect(Object.keys(after)).toHaveLength(6);
    for (const value of ['"ana"', ADDRESS]) {
      expect(Object.values(after).join('')).not.toContain(value);
    }
    expect(Object.values(after).join('')).toContain('"bob"');
    // Not a byte of what is hashed is another one.
    for (const [name, text] of leaves) expect(after[name]).toBe(text);
  });

  it('leaves a log that verifies, and that shows the pseudonym', async () => {
    await seal();
    expect(await report()).toMatchObject({ fault: null, strayIds: [] });
    // Those of one moment are sealed in any order.
    const entries = await rig.reader().entries(ctx(), 0, 4);
    const shown = entries.map(({ subjectId, body }) => [
      subjectId,
      JSON.parse(body!) as Record<string, unknown>,
    ]);
    expect(shown).toContainEqual([PSEUDONYM, { by: PSEUDONYM, requestedBy: 'bob' }]);
    expect(shown).toContainEqual(['bob', { by: PSEUDONYM }]);
    expect(shown).toContainEqual([expect.any(String), { email: PSEUDONYM, userId: ana }]);
  });

  it('has nothing left to be erased the next time', async () => {
    const before = await objects();
    await agree();
    await runner().run();
    expect(await erasure()).toEqual({ status: 'done', entries: 0, values: 0 });
    expect(await objects()).toEqual(before);
  });
});
