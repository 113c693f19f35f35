/** Entries are written once and for good, and come into the tree of their tenant: all of them, once, in one order. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openCheckpoint } from '../../src/kernel/tlog/checkpoint.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { leafOf } from '../../src/kernel/tlog/audit-leaf.js';
import { newId } from '../../src/kernel/ids.js';
import { PLATFORM_TENANT } from '../../src/tenancy/tenants/platform-tenant.js';
import { fieldsOf, saltsOf } from '../../src/platform/audit/audit-row.js';
import { withRequestSource } from '../../src/platform/audit/request-source.js';
import { AuditRig, openDatabase } from '../support/audit-rig.js';
import {
  entriesOf as entriesIn,
  expectOneTree as expectOne,
  leavesOf as leavesIn,
} from '../support/audit-trees.js';

let rig: AuditRig;
beforeAll(async () => {
  rig = await AuditRig.start();
}, 60_000);
afterAll(() => rig?.stop());

const entriesOf = (tenantId: string) => entriesIn(rig, tenantId);
const leavesOf = (tenantId: string) => leavesIn(rig, tenantId);
const expectOneTree = (tenantId: string, count: number) => expectOne(rig, tenantId, count);

describe('an entry', () => {
  it('says who, from where and about what, and commits to what is personal', async () => {
    const tenantId = await rig.tenant();
    const [releaseId, deploymentId] = [newId(), newId()];
    const source = { address: '192.0.2.7', userAgent: 'curl/8', traceId: 'a'.repeat(32) };
    await withRequestSource(
      () => source,
      () =>
        rig.append(tenantId, 1, {
          category: 'rollback',
          action: 'rollback-created',
          subject: { kind: 'deployment', id: deploymentId },
          body: { releaseId, username: 'lea', before: { password: 'secret' } },
        }),
    );
    const [row] = await entriesOf(tenantId);
    expect(row).toMatchObject({
      version: 2,
      category: 'rollback',
      actor: 'system:test',
      actorKind: 'system',
      actorId: 'test',
      actingFor: null,
      sourceAddress: '192.0.2.7',
      userAgent: 'curl/8',
      traceId: 'a'.repeat(32),
      releaseId,
      deploymentId,
    });
    expect(row!.body).not.toContain('secret');
    const { text, personal } = leafOf(fieldsOf(row!), saltsOf(row!));
    expect(Object.keys(personal).sort()).toEqual([
      '/body/username',
      '/sourceAddress',
      '/userAgent',
    ]);
    for (const own of ['"lea"', '192.0.2.7', 'curl/8']) expect(text).not.toContain(own);
  });

  it('with too long a body is kept by the digest of it', async () => {
    const tenantId = await rig.tenant();
    await rig.append(tenantId, 1, { body: { text: 'x'.repeat(100_000) } });
    const [row] = await entriesOf(tenantId);
    expect(JSON.parse(row!.body)).toMatchObject({ isLeftOut: true, characters: 100_011 });
  });

  it('cannot be changed, taken away or emptied out, not by the owner either', async () => {
    const tenantId = await rig.tenant();
    await rig.append(tenantId);
    await rig.sealer().seal();
    const [partition] = await rig.sql<{ name: string }>(
      'select tableoid::regclass::text as name from audit_entries where tenant_id = $1',
      [tenantId],
    );
    const attempts = [
      `update audit_entries set actor = 'nobody' where tenant_id = '${tenantId}'`,
      `delete from audit_entries where tenant_id = '${tenantId}'`,
      'truncate audit_entries',
      `truncate ${partition!.name}`,
      `update audit_leaves set sequence = 7 where tenant_id = '${tenantId}'`,
      `delete from audit_checkpoints where tenant_id = '${tenantId}'`,
      'truncate audit_subtrees',
    ];
    for (const attempt of attempts) {
      await expect(rig.sql(attempt)).rejects.toThrow(/append-only/);
    }
    const refusals = [
      ['tidegate_app', /permission denied/],
      ['tidegate_system', /permission denied/],
      // Whose function erases what is personal; on its own it gets no further than anybody.
      ['tidegate_backfill', /only what is personal of an entry may be erased/],
    ] as const;
    for (const [role, refusal] of refusals) {
      await expect(rig.sql(`set role ${role}; ${attempts[0]}`)).rejects.toThrow(refusal);
    }
  });
});

it('goes with its tenant, whose time is over, and with no other', async () => {
  const [gone, kept] = [await rig.tenant(), await rig.tenant()];
  for (const tenantId of [gone, kept]) await rig.append(tenantId, 2);
  await rig.sealer().seal();
  const purge = () => rig.sql('select tidegate_purge_tenant($1, 1000)', [gone]);
  await expect(purge()).rejects.toThrow(/not to be purged/);
  await rig.sql(
    `update tenants set status = 'deleting', deleted_at = now(), restorable_until = now(),
       purge_began_at = now() where id = $1`,
    [gone],
  );
  await purge();
  expect([await entriesOf(gone), await leavesOf(gone)]).toEqual([[], []]);
  await expectOneTree(kept, 2);
});

describe('the sealer', () => {
  it('puts every entry into the tree of its tenant once, in one order', async () => {
    const [a, b] = [await rig.tenant(), await rig.tenant()];
    await rig.append(a, 3);
    await rig.append(b, 2);
    const sealer = rig.sealer();
    await sealer.seal();
    await rig.append(a, 300);
    await sealer.seal();
    await expectOneTree(a, 303);
    await expectOneTree(b, 2);
    const subtrees = await rig.sql<{ level: number; position: number }>(
      'select level, position::int from audit_subtrees where tenant_id = $1',
      [a],
    );
    expect(subtrees).toEqual([{ level: 1, position: 0 }]);
    expect(await rig.sql('select from audit_pending')).toEqual([]);
  });

  it('makes one tree when several seal at once and are killed again and again', async () => {
    const tenants = await Promise.all([rig.tenant(), rig.tenant(), rig.tenant()]);
    const databases = await Promise.all([1, 2, 3].map(() => openDatabase(rig.database)));
    let isWriting = true;
    let crashes = 0;
    const sealers = databases.map(async (db) => {
      const sealer = rig.sealer(db);
      while (isWriting) await sealer.seal().catch(() => (crashes += 1));
    });
    const killer = (async () => {
      while (isWriting) {
        // Whoever is in the middle of a batch, as a crash would leave it.
        await rig.sql(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and usename = 'tidegate_system'
             and state = 'idle in transaction' limit 1`,
        );
      }
    })();
    const counts = [120, 80, 40];
    await Promise.all(tenants.map((tenantId, at) => rig.append(tenantId, counts[at])));
    isWriting = false;
    await Promise.all([...sealers, killer]);
    await rig.sealer().seal();
    for (const [at, tenantId] of tenants.entries()) await expectOneTree(tenantId, counts[at]!);
    expect(crashes).toBeGreaterThan(0);
    await Promise.all(databases.map((db) => db.close()));
  }, 60_000);

  it('takes a batch back whole when the tree is not what it was', async () => {
    const tenantId = await rig.tenant();
    await rig.append(tenantId, 2);
    await rig.sealer().seal();
    await rig.append(tenantId, 2);
    await rig.sql(`update audit_trees set edge = ''::bytea where tenant_id = $1`, [tenantId]);
    await expect(rig.sealer().seal()).rejects.toThrow(/edge/);
    expect(await leavesOf(tenantId)).toHaveLength(2);
    await rig.sql('delete from audit_pending where tenant_id = $1', [tenantId]);
  });

  it('imports what was written before there was a log, as that', async () => {
    const tenantId = await rig.tenant();
    for (const category of ['deployment', 'tenancy']) {
      await rig.sql(
        `with entry as (insert into audit_entries (at, id, tenant_id, category, action, actor,
           subject_kind, subject_id, request_id, result, body_text, leaf_hash)
         values (now(), $1, $2, $3, 'acted', 'lea', 'user', 'lea', 'r', 'allowed', '{}', 'former'))
         insert into audit_pending (tenant_id, entry_id, at) values ($2, $1, now())`,
        [newId(), tenantId, category],
      );
    }
    await rig.sealer().seal();
    await expectOneTree(tenantId, 3);
    const entries = await entriesOf(tenantId);
    const texts = entries.map((row) => leafOf(fieldsOf(row), saltsOf(row)).text);
    expect(texts.filter((text) => text.includes('"isImported":true'))).toHaveLength(2);
    expect(texts[0]).not.toContain('"name":"lea"');
    expect(entries[2]).toMatchObject({ action: 'audit-entries-imported', body: '{"entries":2}' });
  });
});

describe('an anchor', () => {
  it('is at every place outside, and stays what it is', async () => {
    const tenantId = await rig.tenant();
    await rig.append(tenantId, 2);
    const sealer = rig.sealer();
    await sealer.seal();
    await sealer.anchor();
    for (const sink of rig.sinks) {
      expect(await sink.sizes(tenantId)).toEqual([2]);
      const { size } = openCheckpoint(await sink.read(tenantId, 2), [
        parseVerifierKey(rig.key.verifierOf(tenantId)),
      ]);
      expect(size).toBe(2);
      expect(await sink.put(tenantId, 2, 'another')).toBe(false);
    }
    const anchors = () =>
      rig.sql<{ sink: string; size: number; isThere: boolean }>(
        `select sink, size::int, anchored_at is not null as "isThere" from audit_anchors
         where tenant_id = $1 order by size, sink`,
        [tenantId],
      );
    expect(await anchors()).toEqual([
      { sink: 'folder', size: 2, isThere: true },
      { sink: 'object-store', size: 2, isThere: true },
    ]);
    // Not again within the minute, though the tree grows.
    await rig.append(tenantId);
    await sealer.seal();
    await sealer.anchor();
    expect(await anchors()).toHaveLength(2);
    await rig.sql(`update audit_trees set published_at = now() - interval '61 s'`);
    await sealer.anchor();
    expect(await rig.sinks[0]!.sizes(tenantId)).toEqual([2, 3]);
  });

  it('is tried again when a place is away, and the others have it meanwhile', async () => {
    const tenantId = await rig.tenant();
    await rig.append(tenantId);
    const [store, folder] = rig.sinks;
    const put = store!.put.bind(store);
    store!.put = () => Promise.reject(new Error('away'));
    const sealer = rig.sealer();
    await sealer.seal();
    await sealer.anchor();
    expect([await store!.sizes(tenantId), await folder!.sizes(tenantId)]).toEqual([[], [1]]);
    store!.put = put;
    await rig.sql('update audit_anchors set next_try_at = now() where tenant_id = $1', [tenantId]);
    await sealer.anchor();
    expect(await store!.sizes(tenantId)).toEqual([1]);
  });
});

it('has the platform’s own tenant like any other', async () => {
  await rig.append(PLATFORM_TENANT.id);
  await rig.sealer().seal();
  expect((await leavesOf(PLATFORM_TENANT.id)).length).toBeGreaterThan(0);
});
