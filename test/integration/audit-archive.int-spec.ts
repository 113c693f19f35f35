/**
 * Months of the log that are old go into the archive and out of the database, and the log stays whole. Three
 * months of two tenants, written with a clock that is set back: what is done to them is done for real.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  archiveFolder,
  type ObjectStore,
  personalFolder,
} from '../../src/drivers/storage/object-store.js';
import { ArchivePurge } from '../../src/edges/audit/archive/archive-purge.js';
import { ArchiveReader } from '../../src/edges/audit/archive/archive-reader.js';
import { ArchivedEntries } from '../../src/edges/audit/archive/archived-entries.js';
import { AuditRetention } from '../../src/edges/audit/archive/audit-retention.js';
import type {
  AuditEntryView,
  AuditLogsQuery,
} from '../../src/edges/audit/entries/audit-logs.dto.js';
import { AuditLogsService } from '../../src/edges/audit/entries/audit-logs.service.js';
import { AuditReads } from '../../src/edges/audit/entries/audit-reads.js';
import { ExportService } from '../../src/edges/audit/export/export.service.js';
import type { ExportQuery } from '../../src/edges/audit/export/export.dto.js';
import { ExportReader } from '../../src/kernel/tlog/read-export.js';
import type { StreamPlaces } from '../../src/platform/http/stream-places.js';
import { ProofsService } from '../../src/edges/audit/proofs/proofs.service.js';
import { systemClock } from '../../src/kernel/clock.js';
import { sealTrees } from '../../src/edges/audit/log/sealing.js';
import { inclusionProof } from '../../src/kernel/tlog/tree-proofs.js';
import { checkProof, parseProof, writeProof } from '../../src/kernel/tlog/checkpoint.js';
import { hashesOf, treeHead } from '../../src/edges/audit/proofs/tree.views.js';
import { entryIn, leafIn } from '../../src/edges/audit/proofs/entry-bundle.js';
import { verifyTenant } from '../../src/edges/audit/verification/verify-tenant.js';
import { auditLimits } from '../../src/kernel/audit-limits.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { Context } from '../../src/platform/context.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { TenantPurgers } from '../../src/tenancy/tenant-tasks/tenant-purger.js';
import { AuditRig } from '../support/audit-rig.js';

const DAY_MS = 86_400_000;
/** The 15th of a month that is so many before this one. */
const middleOf = (monthsAgo: number): number => {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAgo, 15, 12);
};
const nameOf = (ms: number) => new Date(ms).toISOString().slice(0, 7);
/** All that is older than the months before this one and the last. */
const OLD = [6, 5, 4] as const;
const monthNames = OLD.map((ago) => nameOf(middleOf(ago)));

let rig: AuditRig;
let tenants: string[];
beforeEach(async () => {
  rig = await AuditRig.start();
  await rig.sql(`insert into tenants (id, slug, name)
    values ('00000000-0000-7000-8000-000000000001', 'platform', 'Platform') on conflict do nothing`);
  await rig.sql(`select tidegate_ensure_partitions(to_timestamp($1))`, [middleOf(6) / 1000]);
  await rig.sql(`select tidegate_ensure_partitions(to_timestamp($1))`, [middleOf(3) / 1000]);
  tenants = [await rig.tenant(), await rig.tenant()];
  for (const ago of [...OLD, 1]) await write(middleOf(ago), ago);
}, 60_000);
afterEach(async () => {
  jest.restoreAllMocks();
  await rig?.stop();
});

async function write(ms: number, count: number): Promise<void> {
  const clock = jest.spyOn(Date, 'now');
  try {
    for (const tenantId of tenants) {
      for (let number = 0; number < count; number += 1) {
        clock.mockReturnValue(ms + number * 1_000);
        await rig.append(tenantId, 1, {
          subject: { kind: 'user', id: `person-${number}` },
          body: { number, by: 'ana' },
        });
      }
    }
  } finally {
    clock.mockRestore();
  }
  await sealAll();
}

async function sealAll(): Promise<void> {
  for (const tenantId of tenants) {
    await rig.db.system((tx) => sealTrees(tx, rig.key, [tenantId]));
  }
}

const ctxOf = (tenantId: string) => Context.system(tenantId, 'test');
const verify = (tenantId: string) =>
  verifyTenant(ctxOf(tenantId), {
    database: rig.db,
    reader: rig.reader(),
    sinks: rig.sinks,
    verifiers: [parseVerifierKey(rig.key.verifierOf(tenantId))],
  });
const heldMonths = async () =>
  (
    await rig.sql<{ month: string }>(
      `select distinct to_char(at at time zone 'UTC', 'YYYY-MM') as month from audit_entries order by 1`,
    )
  ).map(({ month }) => month);
const files = () =>
  rig.sql<{ tenant_id: string; month: string; from_sequence: string; size: string }>(
    `select tenant_id, to_char(month, 'YYYY-MM') as month, from_sequence, size from audit_archives
     order by tenant_id, from_sequence`,
  );
const pathOf = async (root: 'archive' | 'personal', tenantId: string, from: number) => {
  const row = (await files()).find(
    (file) => file.tenant_id === tenantId && Number(file.from_sequence) === from,
  )!;
  const padded = [row.from_sequence, row.size].map((each) => String(each).padStart(16, '0'));
  const end = root === 'archive' ? 'jsonl.gz' : 'personal.1.jsonl.gz';
  return join(
    rig.folder,
    'store',
    root,
    tenantId,
    'audit',
    `${row.month}_${padded.join('-')}.${end}`,
  );
};
const tryAgain = () =>
  rig.sql(`update audit_months set next_try_at = '-infinity', lease_until = '-infinity'`);

describe('old months of the log', () => {
  it('are archived and dropped, and the log is whole: verified, proven, nothing younger touched', async () => {
    const before = await Promise.all(tenants.map((id) => rig.reader().entries(ctxOf(id), 0, 16)));
    expect(await rig.archiver().run()).toEqual(expect.arrayContaining(monthNames));
    expect((await heldMonths()).slice(0, 1)).toEqual([nameOf(middleOf(1))]);
    await sealAll();
    for (const [at, tenantId] of tenants.entries()) {
      const report = await verify(tenantId);
      // Sixteen, and one that says so for each of its three files.
      expect(report).toMatchObject({ size: 19, provenSize: 19, fault: null, strayIds: [] });
      expect(await rig.reader().entries(ctxOf(tenantId), 0, 16)).toEqual(before[at]);
    }
    const [tenantId] = tenants as [string, string];
    const [logged] = await rig.reader().entries(ctxOf(tenantId), 2, 3);
    const proof = await rig.db.transaction(ctxOf(tenantId), async (open) => {
      const { size, checkpoint } = (await treeHead(open))!;
      const hashes = await inclusionProof(hashesOf(open), 2, size);
      const entry = Buffer.from(leafIn(entryIn(logged!)!).text);
      return { entry, index: 2, hashes, checkpoint };
    });
    const verifiers = [parseVerifierKey(rig.key.verifierOf(tenantId))];
    expect(writeProof(proof)).toContain('index 2');
    expect(checkProof(proof, verifiers).size).toBe(19);
    // Once more: there is nothing left to be done.
    expect(await rig.archiver().run()).toEqual([]);
    // The files prove themselves, and what is personal lies beside.
    const leaves = gunzipSync(await readFile(await pathOf('archive', tenantId, 6))).toString();
    const lines = leaves
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines[0]).toMatchObject({ format: 'tidegate-audit-export/1', from: 6, size: 11 });
    expect(lines.at(-1)).toEqual({ end: 11, next: null });
    expect(leaves).not.toContain('person-1');
    expect(leaves).not.toContain('"ana"');
    const personal = gunzipSync(await readFile(await pathOf('personal', tenantId, 6))).toString();
    expect(personal).toContain('"ana"');
    expect(personal).toContain('person-1');
  });

  it('stay while the platform keeps them', async () => {
    const days = Math.ceil((Date.now() - middleOf(7)) / DAY_MS);
    expect(await rig.archiver({ days }).run()).not.toEqual(expect.arrayContaining(monthNames));
    expect(await heldMonths()).toEqual(expect.arrayContaining(monthNames));
  });

  it('are cut into files of what can be held, and come back the same', async () => {
    jest.replaceProperty(auditLimits, 'archiveFileEntries', 2 as never);
    const [tenantId] = tenants as [string, string];
    const before = await rig.reader().entries(ctxOf(tenantId), 0, 15);
    await rig.archiver().run();
    expect((await files()).length).toBeGreaterThan(14);
    expect(await rig.reader().entries(ctxOf(tenantId), 0, 15)).toEqual(before);
  });

  it('may interleave in the log: each entry is in the file of its month', async () => {
    // Written in the oldest month, and sealed with those of the youngest.
    await write(middleOf(6) + 60_000, 1);
    await rig.archiver().run();
    expect(await heldMonths()).not.toContain(monthNames[0]);
    await sealAll();
    for (const tenantId of tenants) expect((await verify(tenantId)).fault).toBeNull();
  });
});

/** What is asked over HTTP, with a retention of so many days. */
function asked(tenantId: string, days = 3_650) {
  const retention = new AuditRetention(rig.settings(days), systemClock);
  const archived = new ArchivedEntries(rig.db, new ArchiveReader(rig.store));
  const reads = new AuditReads(rig.db);
  const logs = new AuditLogsService(rig.db, reads, archived, retention);
  const proofs = new ProofsService(rig.db, reads, rig.key, rig.reader(), retention);
  const streams = { take: () => () => undefined } as unknown as StreamPlaces;
  const exports = new ExportService(rig.db, rig.reader(), reads, streams, archived, retention);
  const ctx = ctxOf(tenantId);
  const exported = async (query: ExportQuery) =>
    (await text(await exports.open(ctx, query)))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { from?: number; sequence?: number });
  const all = async (query: Partial<AuditLogsQuery> = {}) => {
    const found: AuditEntryView[] = [];
    let pages = 0;
    for (let cursor: string | undefined; ; pages += 1) {
      const page = await logs.list(ctx, { limit: 3, ...query, cursor });
      found.push(...page.items);
      if (page.nextCursor === null) return { found, pages };
      cursor = page.nextCursor;
    }
  };
  return {
    all,
    exported,
    show: (id: string) => logs.show(ctx, id),
    proof: (id: string) => proofs.proof(ctx, id),
    tile: () => proofs.tile(ctx, 'entries', ['000.p', '15']),
  };
}
const isTested = ({ action }: AuditEntryView) => action === 'tested';

describe('what is asked of entries in the archive', () => {
  it('is answered as before: pages, filters, one by its id, a proof, a tile', async () => {
    const [tenantId] = tenants as [string, string];
    const { all, show, proof, tile } = asked(tenantId);
    const before = (await all()).found.filter(isTested);
    const [chosenBefore, tileBefore] = [await all({ subject: 'person-3' }), await tile()];
    expect(before).toHaveLength(16);
    expect(chosenBefore.found.length).toBe(3);
    await rig.archiver().run();
    expect((await all()).found.filter(isTested)).toEqual(before);
    expect((await all({ subject: 'person-3' })).found).toEqual(chosenBefore.found);
    const [from, to] = [before[12]!.at, before[5]!.at];
    expect((await all({ from, to })).found).toEqual(before.slice(6, 13));
    expect(await tile()).toEqual(tileBefore);
    const oldest = before.at(-1)!;
    expect(await show(oldest.id)).toEqual(oldest);
    const verifiers = [parseVerifierKey(rig.key.verifierOf(tenantId))];
    const file = parseProof(await proof(oldest.id));
    expect(JSON.parse(file.entry.toString())).toMatchObject({ id: oldest.id });
    expect(checkProof(file, verifiers).size).toBeGreaterThan(15);
  });

  it('goes on over many files of which each page opens few', async () => {
    jest.replaceProperty(auditLimits, 'archiveFileEntries', 1 as never);
    jest.replaceProperty(auditLimits, 'archiveFilesPerPage', 2 as never);
    const [tenantId] = tenants as [string, string];
    const { all } = asked(tenantId);
    const before = (await all()).found.filter(isTested);
    await rig.archiver().run();
    expect((await all()).found.filter(isTested)).toEqual(before);
    const { found, pages } = await all({ subject: 'person-5' });
    expect(found).toEqual(before.filter(({ subject }) => subject.id === 'person-5'));
    expect(pages).toBeGreaterThan(3);
  });

  it('is what the tenant’s own retention shows, in the tables and in the archive', async () => {
    const [tenantId] = tenants as [string, string];
    const days = (Date.now() - (middleOf(5) - DAY_MS)) / DAY_MS;
    const whole = (await asked(tenantId).all()).found.filter(isTested);
    for (const isArchived of [false, true]) {
      if (isArchived) await rig.archiver().run();
      const { all, show, proof, exported } = asked(tenantId, days);
      expect((await all()).found.filter(isTested)).toEqual(whole.slice(0, 10));
      const hidden = { code: 'audit-entry-not-found' };
      await expect(show(whole[10]!.id)).rejects.toMatchObject(hidden);
      await expect(proof(whole[10]!.id)).rejects.toMatchObject(hidden);
      expect(await show(whole[9]!.id)).toEqual(whole[9]);
      // Six are hidden: what is exported begins behind them, whatever is asked for.
      const [head, first] = await exported({ from: 2 });
      expect([head!.from, first!.sequence]).toEqual([6, 6]);
      const reader = new ExportReader();
      expect(reader.read(JSON.stringify(head))).toMatchObject({ kind: 'head', from: 6 });
      const chosen = await exported({ action: 'tested', since: new Date(0).toISOString() });
      expect(chosen.slice(1, -1).every(({ sequence }) => sequence! >= 6)).toBe(true);
      expect((await asked(tenantId, 20).all()).found.filter(isTested)).toEqual([]);
    }
  });

  it('is refused where a file is damaged', async () => {
    await rig.archiver().run();
    const [tenantId] = tenants as [string, string];
    await rm(await pathOf('personal', tenantId, 6));
    const { all, show } = asked(tenantId);
    await expect(all()).rejects.toMatchObject({ code: 'audit-archive-damaged' });
    const [entry] = await rig.reader().entries(ctxOf(tenantId), 7, 8);
    await expect(show(entry!.id!)).rejects.toMatchObject({ code: 'audit-archive-damaged' });
    expect((await verify(tenantId)).fault).toMatchObject({ kind: 'edited', sequence: 6 });
  });
});

describe('an archive that is not what was put there', () => {
  it('is named: an entry, what is personal, a whole file', async () => {
    await rig.archiver().run();
    const [tenantId, other] = tenants as [string, string];
    const changed = async (root: 'archive' | 'personal', change: (bytes: Buffer) => Buffer) => {
      const path = await pathOf(root, tenantId, 6);
      const before = await readFile(path);
      await writeFile(path, change(before));
      const { fault } = await verify(tenantId);
      await writeFile(path, before);
      expect((await verify(tenantId)).fault).toBeNull();
      return fault;
    };
    const edited = (is: string, becomes: string) => (bytes: Buffer) => {
      const lines = gunzipSync(bytes).toString().split('\n');
      const at = lines.findIndex((line) => line.includes('"sequence":8'));
      expect(lines[at]).toContain(is);
      lines[at] = lines[at]!.replace(is, becomes);
      return gzipSync(lines.join('\n'));
    };
    const entry8 = { kind: 'edited', sequence: 8, upTo: 8 };
    expect(await changed('archive', edited('tested', 'tasted'))).toMatchObject(entry8);
    expect(await changed('personal', edited('"ana"', '"eve"'))).toMatchObject(entry8);
    const gone = await changed('archive', () => Buffer.from('nothing'));
    expect(gone).toMatchObject({ kind: 'deleted', sequence: 6 });
    expect((await verify(other)).fault).toBeNull();
  });
});

it('a tenant’s purge takes its files out of the store, and nobody else’s', async () => {
  await rig.archiver().run();
  const [tenantId, other] = tenants as [string, string];
  const purge = new ArchivePurge(new TenantPurgers(), rig.store);
  const names = async (of: string) => [
    ...(await rig.store.archived(archiveFolder(of, 'audit'))),
    ...(await rig.store.archived(personalFolder(of, 'audit'))),
  ];
  const kept = await names(other);
  expect(await names(tenantId)).toHaveLength(6);
  expect(await purge.purgeTenant(ctxOf(tenantId))).toBe(true);
  expect(await names(tenantId)).toEqual([]);
  expect(await names(other)).toEqual(kept);
});

describe('nothing is dropped', () => {
  /** A store of which one call does something else. */
  const storeWith = (change: Partial<ObjectStore>): ObjectStore => {
    const { store } = rig;
    const bound = {
      put: store.put.bind(store),
      get: store.get.bind(store),
      stat: store.stat.bind(store),
      delete: store.delete.bind(store),
      commit: store.commit.bind(store),
      archive: store.archive.bind(store),
      archived: store.archived.bind(store),
      sweepTemporary: store.sweepTemporary.bind(store),
    };
    return { ...bound, ...change };
  };
  const kept = async () => expect(await heldMonths()).toEqual(expect.arrayContaining(monthNames));

  it('while the store is down or full, at whichever call, and the next run goes on', async () => {
    let [calls, failing] = [0, 0];
    const orFail = <T>(work: () => Promise<T>): Promise<T> => {
      calls += 1;
      return calls === failing ? Promise.reject(new Error('no space left')) : work();
    };
    const store = storeWith({
      archive: (key, bytes) => orFail(() => rig.store.archive(key, bytes)),
      get: (key) => orFail(() => rig.store.get(key)),
    });
    const metrics = new Metrics();
    const archiver = rig.archiver({ store, metrics });
    // Four calls for each file; from the fifth on, one tenant's is there.
    for (failing of [1, 2, 3, 4, 5, 4, 3, 2]) {
      calls = 0;
      expect(await archiver.run()).not.toContain(monthNames[0]);
      await kept();
      const [month] = await rig.sql<{ reason: string }>(
        'select reason from audit_months where dropped_at is null',
      );
      expect(month!.reason).toBe('no space left');
      // Not at once: it is looked at later.
      expect(await archiver.run()).toEqual([]);
      await tryAgain();
    }
    expect((await metrics.expose(undefined)).text).toMatch(/audit_archive_failures_total 8/);
    expect(await rig.archiver().run()).toEqual(expect.arrayContaining(monthNames));
    await sealAll();
    for (const tenantId of tenants) expect((await verify(tenantId)).fault).toBeNull();
  });

  it('when the store did not keep what it was given', async () => {
    const store = storeWith({
      archive: (key, bytes) => {
        const torn = Buffer.from(bytes);
        torn[torn.length - 20]! ^= 1;
        return rig.store.archive(key, torn);
      },
    });
    expect(await rig.archiver({ store }).run()).not.toContain(monthNames[0]);
    await kept();
    expect(await files()).toEqual([]);
    // What is torn is not what the next one takes for its own.
    await tryAgain();
    expect(await rig.archiver().run()).toEqual(expect.arrayContaining(monthNames));
    for (const tenantId of tenants) expect((await verify(tenantId)).fault).toBeNull();
  });

  it('of a log whose entry was changed or put beside the tree', async () => {
    const [tenantId] = tenants as [string, string];
    const owner = (text: string) =>
      rig.asSuperuser(async (client) => {
        await client.query('set session_replication_role = replica');
        await client.query(text);
      });
    const third = `(select entry_id from audit_leaves where tenant_id = '${tenantId}' and sequence = 3)`;
    await owner(`update audit_entries set action = 'other' where id = ${third}`);
    expect(await rig.archiver().run()).not.toContain(monthNames[0]);
    await kept();
    const reasons = () =>
      rig.sql<{ reason: string }>('select reason from audit_months where reason is not null');
    expect(await reasons()).toEqual([{ reason: 'entry 3 is not what was sealed' }]);
    await owner(`update audit_entries set action = 'tested' where id = ${third}`);
    await owner(`insert into audit_entries select at, gen_random_uuid(), tenant_id, category, action, actor,
      subject_kind, subject_id, request_id, result, body_text, leaf_hash, format_version, actor_kind,
      actor_id, acting_for, source_address, user_agent, trace_id, release_id, deployment_id, salts_text
      from audit_entries where id = ${third}`);
    await tryAgain();
    expect(await rig.archiver().run()).not.toContain(monthNames[0]);
    await kept();
    expect((await reasons())[0]!.reason).toMatch(/has 7 entries, and 6 of them are archived/);
  });

  it('by the database itself, whoever asks it', async () => {
    const drop = (ms: number) =>
      rig.db.system((tx) => tx.query(`select tidegate_drop_audit_month('${nameOf(ms)}-01')`));
    await expect(drop(middleOf(6))).rejects.toThrow(/0 of them are archived/);
    await expect(drop(middleOf(0))).rejects.toThrow(/too young/);
    await expect(drop(middleOf(40))).rejects.toThrow(/no month/);
  });

  it('by two at once, and who has died holds a month no longer than its lease', async () => {
    const both = await Promise.all([rig.archiver().run(), rig.archiver().run()]);
    expect(both.flat().filter((month) => month === monthNames[0])).toHaveLength(1);
    for (const file of await files()) {
      const same = (await files()).filter(
        (each) => each.tenant_id === file.tenant_id && each.from_sequence === file.from_sequence,
      );
      expect(same).toHaveLength(1);
    }
  });
});
