/**
 * The audit log of every tenant, whatever was killed in the middle of sealing it: each entry stands in it once,
 * and it is what its checkpoints and its anchors say. By the product's own verifier, which reads all of it.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FilesystemObjectStore } from '../../src/drivers/storage/filesystem/filesystem.object-store.js';
import { StoreSink } from '../../src/edges/audit/anchors/store-sink.js';
import { ArchiveReader } from '../../src/edges/audit/archive/archive-reader.js';
import { LogKey } from '../../src/edges/audit/log/log-key.js';
import { LogReader } from '../../src/edges/audit/log/log-reader.js';
import { verifyTenant } from '../../src/edges/audit/verification/verify-tenant.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { Context } from '../../src/platform/context.js';
import { openDatabase } from '../support/audit-rig.js';
import { eventually } from '../support/eventually.js';
import type { World } from './world.js';

/** Many times what sealing is behind: it has been killed, too. */
const SEALED_MS = 20_000;

interface Counts {
  readonly id: string;
  readonly entries: number;
  readonly leaves: number;
  readonly size: number;
}

export async function logFaults(world: World): Promise<string[]> {
  const waiting = () => world.rows<{ count: number }>('select count(*)::int from audit_pending');
  const isSealed = await eventually(async () => {
    const [row] = await waiting();
    if (row!.count > 0) throw new Error(`${row!.count} entries wait`);
  }, SEALED_MS).then(
    () => true,
    () => false,
  );
  const late = isSealed ? [] : [`I5 audit log: entries wait to be sealed for ${SEALED_MS} ms`];
  const pem = await readFile(join(world.home, 'tidegate_audit_key_file.pem'), 'utf8');
  const privateKey = createPrivateKey(pem);
  const key = new LogKey(privateKey, createPublicKey(privateKey));
  const store = await FilesystemObjectStore.open(join(world.home, 'platform', 'artifacts'));
  const database = await openDatabase(world.postgres.database);
  const reader = new LogReader(database, new ArchiveReader(store));
  try {
    const faults = await Promise.all(
      (await countsOf(world)).map(async (counts) => {
        const { id } = counts;
        const report = await verifyTenant(Context.system(id, 'chaos'), {
          database,
          reader,
          sinks: [new StoreSink('object-store', store)],
          verifiers: [parseVerifierKey(key.verifierOf(id))],
        });
        const wrong = [
          ...(report.fault ? [report.fault.text] : []),
          ...report.strayIds.map((stray) => `entry ${stray} stands in no tree`),
          ...report.sinks.flatMap(({ sink, error }) => (error ? [`${sink}: ${error}`] : [])),
          ...(report.provenSize === report.size ? [] : [`proven up to ${report.provenSize} only`]),
          ...countFaults(counts, report.size),
        ];
        return wrong.map((text) => `I5 audit log of tenant ${id}: ${text}`);
      }),
    );
    return [...late, ...faults.flat()];
  } finally {
    await database.close();
  }
}

function countFaults({ entries, leaves, size }: Counts, verified: number): string[] {
  // Something may have been written and sealed since.
  if (leaves === entries && size === entries && verified >= size) return [];
  return [
    `${entries} entries, ${leaves} leaves, a tree of ${size}, of which ${verified} were read`,
  ];
}

function countsOf(world: World): Promise<Counts[]> {
  return world.rows<Counts>(
    `select t.id,
       (select count(*)::int from audit_entries e where e.tenant_id = t.id
          and not exists (select 1 from audit_pending p where p.entry_id = e.id)) as entries,
       (select count(distinct entry_id)::int from audit_leaves l where l.tenant_id = t.id) as leaves,
       coalesce((select size::int from audit_trees r where r.tenant_id = t.id), 0) as size
     from tenants t order by t.id`,
  );
}

/** What was made stands there, and once, besides what happened to deployments (audit-faults.ts). */
export async function madeFaults(world: World): Promise<string[]> {
  const rows = await world.rows<{ what: string; id: string; times: number }>(
    `with made as (
       select 'release-pushed' as action, id::text from releases
       union all select 'node-enrolled', id::text from nodes),
     said as (
       select action, subject_id as id, count(*)::int as times from audit_entries
       where action in ('release-pushed', 'node-enrolled') and result = 'allowed'
       group by action, subject_id)
     select coalesce(m.action, s.action) as what, coalesce(m.id, s.id) as id, coalesce(s.times, 0) as times
     from made m full join said s on s.action = m.action and s.id = m.id
     where s.times > 1 or (m.id is not null and s.id is null)`,
  );
  return rows.map(({ what, id, times }) => `I5 ${what} of ${id} is audited ${times} times`);
}
