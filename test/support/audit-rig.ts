/** The audit log on a real database: entries of several tenants, sealers, and places outside. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { FilesystemObjectStore } from '../../src/drivers/storage/filesystem/filesystem.object-store.js';
import type { ObjectStore } from '../../src/drivers/storage/object-store.js';
import type { AnchorSink } from '../../src/edges/audit/anchors/anchor-sink.js';
import { StoreSink } from '../../src/edges/audit/anchors/store-sink.js';
import { ArchiveReader } from '../../src/edges/audit/archive/archive-reader.js';
import { AuditArchiver } from '../../src/edges/audit/archive/audit-archiver.js';
import { AuditReads } from '../../src/edges/audit/entries/audit-reads.js';
import { LogKey } from '../../src/edges/audit/log/log-key.js';
import { LogReader } from '../../src/edges/audit/log/log-reader.js';
import { LogSealer } from '../../src/edges/audit/log/log-sealer.js';
import { systemClock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { Audit } from '../../src/platform/audit/audit.js';
import type { AuditRecord } from '../../src/platform/audit/audit-record.js';
import { Context } from '../../src/platform/context.js';
import { Database } from '../../src/platform/database/database.js';
import { Logger } from '../../src/platform/logging/logger.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Settings } from '../../src/platform/settings/settings.js';
import { freshDatabase, type TestDatabase, withClient } from './database.js';
import { quietEvents } from './quiet-events.js';

export const newLogKey = (): LogKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return new LogKey(privateKey, publicKey);
};

export class AuditRig {
  readonly key = newLogKey();
  private readonly audit = new Audit();

  private constructor(
    readonly database: TestDatabase,
    readonly db: Database,
    readonly folder: string,
    readonly sinks: readonly AnchorSink[],
    readonly store: FilesystemObjectStore,
  ) {}

  static async start(): Promise<AuditRig> {
    const database = await freshDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-audit-'));
    const store = await FilesystemObjectStore.open(join(folder, 'store'));
    const elsewhere = await FilesystemObjectStore.open(join(folder, 'elsewhere'));
    const sinks = [new StoreSink('object-store', store), new StoreSink('folder', elsewhere)];
    return new AuditRig(database, await openDatabase(database), folder, sinks, store);
  }

  async stop(): Promise<void> {
    await this.db.close();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  sealer(db = this.db): LogSealer {
    return new LogSealer(
      db,
      this.key,
      this.sinks,
      new AuditReads(db),
      Logger.silent(),
      new Metrics(),
    );
  }

  reader(db = this.db): LogReader {
    return new LogReader(db, new ArchiveReader(this.store));
  }

  /** In which everything of retention is so many days. */
  settings(days: number): Settings {
    return Object.assign(new Settings(Logger.silent()), { valueOf: () => days });
  }

  archiver(parts: { store?: ObjectStore; days?: number; metrics?: Metrics } = {}): AuditArchiver {
    return new AuditArchiver(
      this.db,
      new LogReader(this.db, new ArchiveReader(this.store)),
      this.key,
      parts.store ?? this.store,
      this.settings(parts.days ?? 90),
      systemClock,
      Logger.silent(),
      parts.metrics ?? new Metrics(),
    );
  }

  async tenant(): Promise<string> {
    const id = newId();
    await this.sql('insert into tenants (id, slug, name) values ($1::uuid, $2, $2)', [
      id,
      `t-${id.slice(-12)}`,
    ]);
    return id;
  }

  /** Entries, each in a transaction of its own. */
  async append(tenantId: string, count = 1, record: Partial<AuditRecord> = {}): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      const ctx = Context.system(tenantId, 'test');
      await this.db.transaction(ctx, (open) =>
        this.audit.append(open, {
          category: 'deployment',
          action: 'tested',
          subject: { kind: 'deployment', id: newId() },
          body: { number },
          ...record,
        }),
      );
    }
  }

  /** Entries, all in one transaction. */
  async appendAtOnce(tenantId: string, count: number): Promise<void> {
    await this.db.transaction(Context.system(tenantId, 'test'), async (open) => {
      const entries = Array.from({ length: count }, (_, number) =>
        this.audit.append(open, {
          category: 'deployment',
          action: 'tested',
          subject: { kind: 'deployment', id: newId() },
          body: { number },
        }),
      );
      await Promise.all(entries);
    });
  }

  /** As the superuser, whom neither rights nor row-level security bind. */
  sql<Row extends object>(text: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.asSuperuser(async (client) => (await client.query<Row>(text, parameters)).rows);
  }

  asSuperuser<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return withClient(this.database.superuser, work);
  }
}

export function openDatabase({ app, system }: TestDatabase): Promise<Database> {
  return Database.open({
    app,
    system,
    poolSize: 4,
    systemPoolSize: 4,
    log: Logger.silent(),
    recorder: quietEvents(),
  });
}
