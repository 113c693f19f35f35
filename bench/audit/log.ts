/** What the log itself takes: how late entries are sealed, how fast a log is verified, how large a proof is. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FilesystemObjectStore } from '../../src/drivers/storage/filesystem/filesystem.object-store.js';
import { ArchiveReader } from '../../src/edges/audit/archive/archive-reader.js';
import { AuditRetention } from '../../src/edges/audit/archive/audit-retention.js';
import { AuditReads } from '../../src/edges/audit/entries/audit-reads.js';
import { LogKey } from '../../src/edges/audit/log/log-key.js';
import { LogReader } from '../../src/edges/audit/log/log-reader.js';
import { ProofsService } from '../../src/edges/audit/proofs/proofs.service.js';
import { verifyTenant } from '../../src/edges/audit/verification/verify-tenant.js';
import { systemClock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { Context } from '../../src/platform/context.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { percentile } from '../engine/figures.js';
import { type Rig, until } from '../engine/rig.js';

const audit = new Audit();
const systemOf = (tenantId: string) => Context.system(tenantId, 'bench');

/** So many in one transaction. */
export async function writeEntries(rig: Rig, tenantId: string, count: number): Promise<void> {
  await rig.database.transaction(systemOf(tenantId), async (open) => {
    const entries = Array.from({ length: count }, (_, number) =>
      audit.append(open, {
        category: 'deployment',
        action: 'deployment-created',
        subject: { kind: 'deployment', id: newId() },
        body: { module: 'orders', version: `1.4.${number}`, username: 'lea' },
      }),
    );
    await Promise.all(entries);
  });
}

export const allSealed = (rig: Rig) =>
  until(
    'all is sealed',
    async () => (await rig.sql('select 1 from audit_pending limit 1')).length === 0,
    600_000,
  );

/** Each in a transaction of its own, at that rate, whether those before are through or not. */
export async function sealLag(
  rig: Rig,
  tenantIds: readonly string[],
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<{ lags: number[]; perSecond: number }> {
  const began = new Date();
  const since = performance.now();
  const running: Promise<void>[] = [];
  for (let number = 0; number < perSecond * seconds; number += 1) {
    const due = since + (number * 1_000) / perSecond;
    if (due > performance.now()) await delay(due - performance.now());
    running.push(writeEntries(rig, tenantIds[number % tenantIds.length]!, 1));
  }
  await Promise.all(running);
  const wrote = (running.length / (performance.now() - since)) * 1_000;
  await allSealed(rig);
  // When the first checkpoint was signed that has it, by the clock that the entry is dated by.
  const rows = await rig.sql<{ ms: number }>(
    `select (extract(epoch from c.at - l.at) * 1000)::float8 as ms
     from audit_leaves l cross join lateral (
       select at from audit_checkpoints c where c.tenant_id = l.tenant_id and c.size > l.sequence
       order by c.size limit 1) c
     where l.tenant_id = any($1::uuid[]) and l.at >= $2`,
    [tenantIds, began],
  );
  return { lags: rows.map(({ ms }) => ms), perSecond: wrote };
}

async function keyOf(rig: Rig): Promise<LogKey> {
  const pem = await readFile(rig.variables().TIDEGATE_AUDIT_KEY_FILE!, 'utf8');
  const privateKey = createPrivateKey(pem);
  return new LogKey(privateKey, createPublicKey(privateKey));
}

/** Nothing is in the archive here. */
async function readerOf(rig: Rig): Promise<LogReader> {
  const store = await FilesystemObjectStore.open(join(rig.home, 'archive'));
  return new LogReader(rig.database, new ArchiveReader(store));
}

/** Entries a second. */
export async function verified(rig: Rig, tenantId: string): Promise<[entries: number, number]> {
  const key = await keyOf(rig);
  const verifiers = [parseVerifierKey(key.verifierOf(tenantId))];
  const reader = await readerOf(rig);
  const parts = { database: rig.database, reader, sinks: [], verifiers };
  const since = performance.now();
  const report = await verifyTenant(systemOf(tenantId), parts);
  if (report.fault || report.provenSize !== report.size) throw new Error(JSON.stringify(report));
  return [report.size, (report.size / (performance.now() - since)) * 1_000];
}

export interface Proofs {
  readonly took: number[];
  /** Bytes beside the entry. */
  readonly bytes: number;
  readonly entryBytes: number;
}

export async function proofs(rig: Rig, tenantId: string, count: number): Promise<Proofs> {
  const retention = new AuditRetention(new Settings(Logger.silent()), systemClock);
  const service = new ProofsService(
    rig.database,
    new AuditReads(rig.database),
    await keyOf(rig),
    await readerOf(rig),
    retention,
  );
  const ids = await rig.sql<{ id: string }>(
    'select entry_id as id from audit_leaves where tenant_id = $1 order by md5(entry_id::text) limit $2',
    [tenantId, count],
  );
  const took: number[] = [];
  const beside: number[] = [];
  const entries: number[] = [];
  for (const { id } of ids) {
    const since = performance.now();
    const file = await service.proof(systemOf(tenantId), id);
    took.push(performance.now() - since);
    const entry = /^extra .*\n/m.exec(file)![0].length;
    beside.push(file.length - entry);
    entries.push(entry);
  }
  return { took, bytes: percentile(beside, 100), entryBytes: percentile(entries, 50) };
}
