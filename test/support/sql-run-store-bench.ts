import { DeploymentRows } from '../../src/deployments/runs/deployment-rows.js';
import type { RunRows } from '../../src/deployments/runs/run-rows.js';
import { SqlRunStore } from '../../src/deployments/runs/sql-run-store.js';
import { deploymentRun, pokeRun, RUN_KIND } from '../../src/deployments/runs/runs.store.js';
import { canonicalJson } from '../../src/kernel/canonical-json.js';
import { newId } from '../../src/kernel/ids.js';
import { registry } from '../../src/kernel/registry.js';
import type { RunKey } from '../../src/engine/run.js';
import type { JournalEntry } from '../../src/engine/journal.js';
import { Database } from '../../src/platform/database/database.js';
import { valuesOf } from '../../src/platform/database/statement.js';
import { Outbox } from '../../src/platform/outbox/outbox.js';
import { InProcessSignal } from '../../src/platform/signal/in-process-signal.js';
import type { RunStoreBench } from './conformance/run-store-check.js';
import { freshDatabase, withClient, type TestDatabase } from './database.js';
import { ADD_ERRAND_SQL, ErrandRows, ERRANDS_SQL } from './errand-rows.js';
import { ERRAND } from './errands.js';
import { onePlan } from './fake-run-store-bench.js';
import { quietEvents } from './quiet-events.js';

/** The conformance suite's hands on runs in PostgreSQL. */
export class SqlRunStoreBench implements RunStoreBench {
  readonly store: SqlRunStore;
  private readonly tenantId = newId();

  private constructor(
    readonly database: TestDatabase,
    readonly db: Database,
    readonly kind: string,
  ) {
    const signal = new InProcessSignal();
    const deployments = new DeploymentRows(new Outbox([], signal), signal);
    this.store = new SqlRunStore(
      db,
      registry<RunRows>('kind of run', [deployments, new ErrandRows()]),
    );
  }

  /** `kind`: of the runs that are added. */
  static async open(kind = RUN_KIND): Promise<SqlRunStoreBench> {
    const database = await freshDatabase();
    const { app, system } = database;
    const log = { warn: () => undefined, error: () => undefined };
    const recorder = quietEvents();
    const db = await Database.open({ app, system, poolSize: 6, systemPoolSize: 4, log, recorder });
    const bench = new SqlRunStoreBench(database, db, kind);
    await bench.sql(ERRANDS_SQL);
    await bench.tenant(bench.tenantId);
    return bench;
  }

  async tenant(id = newId()): Promise<string> {
    await this.sql('insert into tenants (id, slug, name) values ($1, $2, $2)', [
      id,
      `t-${id.slice(-8)}`,
    ]);
    return id;
  }

  async close(): Promise<void> {
    await this.db.close();
    await this.database.drop();
  }

  /** As the superuser: row-level security does not hide anything from the test. */
  async sql<Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> {
    return withClient(this.database.superuser, async (client) => {
      return (await client.query(statement, parameters)).rows as Row[];
    });
  }

  add(tenantId = this.tenantId): Promise<RunKey> {
    return this.kind === ERRAND ? this.addErrand(tenantId) : this.addDeployment(tenantId);
  }

  private async addErrand(tenantId: string): Promise<RunKey> {
    const id = newId();
    await this.sql(ADD_ERRAND_SQL, [tenantId, id, canonicalJson(onePlan)]);
    return { kind: ERRAND, tenantId, id };
  }

  private async addDeployment(tenantId: string): Promise<RunKey> {
    const [environment, cluster, module, release, id] = Array.from({ length: 5 }, () => newId());
    const artifact = `sha256:${newId()}`;
    const at = [tenantId, environment, cluster, module, release, id, artifact];
    await this.sql(
      `with e as (insert into environments (tenant_id, id, name, name_key, defaults,
           allowed_strategies, signature_policy)
         values ($1, $2::uuid, left($2::text, 40), $2::text, '{}', '{}', 'if-present')),
       c as (insert into clusters (tenant_id, id, environment_id, name, target_kind)
         values ($1, $3::uuid, $2::uuid, 'local', 'agent')),
       m as (insert into modules (tenant_id, id, name) values ($1, $4::uuid, $4::text)),
       a as (insert into artifacts (tenant_id, artifact_digest, size, state)
         values ($1, $7, 1, 'ready')),
       r as (insert into releases (tenant_id, id, module_id, version, release_digest,
           artifact_digest, manifest_text, created_by)
         values ($1, $5, $4::uuid, '1', 'sha256:1', $7, '{}', 'test')),
       d as (insert into deployments (tenant_id, id, environment_id, cluster_id, module_id,
           release_id, strategy, status, journal_seq, spec_text, subject_digest, requested_by)
         values ($1, $6, $2::uuid, $3::uuid, $4::uuid, $5, 'direct', 'Pending', 2, '{}', 's', 'olga')),
       p as (insert into plans (tenant_id, deployment_id, number, role, body_text, plan_digest,
           subject_digest, facts_text) values ($1, $6, 1, 'forward', $8, 'p', 's', '{}')),
       u as (insert into runs (tenant_id, kind, id, wake_at)
         values ($1, 'deployment', $6, clock_timestamp())),
       s as (insert into deployment_slots (tenant_id, cluster_id, module_id)
         values ($1, $3::uuid, $4::uuid))
       insert into journal (tenant_id, deployment_id, seq, at, plan_number, kind, actor)
       values ($1, $6, 1, clock_timestamp(), 0, 'created', 'olga'),
         ($1, $6, 2, clock_timestamp(), 1, 'planned', 'olga')`,
      [...at, canonicalJson(onePlan)],
    );
    return deploymentRun(tenantId, id!);
  }

  async poke({ tenantId, kind, id }: RunKey): Promise<void> {
    await this.sql(pokeRun.text, valuesOf(pokeRun, { tenantId, kind, id }));
  }

  async ask(key: RunKey, verb: string): Promise<void> {
    await this.sql(
      `insert into signals (tenant_id, run_kind, deployment_id, number, verb, actor)
       select $1, $2, $3, coalesce(max(number), 0) + 1, $4, 'olga' from signals
       where tenant_id = $1 and run_kind = $2 and deployment_id = $3`,
      [key.tenantId, key.kind, key.id, verb],
    );
    await this.poke(key);
  }

  async expire({ id }: { id: string }): Promise<void> {
    await this.sql(
      `update runs set lease_until = clock_timestamp() - interval '1 second' where id = $1`,
      [id],
    );
  }

  async dueSince({ id }: { id: string }, seconds: number): Promise<void> {
    await this.sql(
      `update runs set wake_at = clock_timestamp() - $2::int * interval '1 second' where id = $1`,
      [id, seconds],
    );
  }

  journal({ id }: { id: string }): Promise<JournalEntry[]> {
    return this.sql<JournalEntry>(
      `select seq, (extract(epoch from at) * 1000)::float8 as at, plan_number as "planNumber",
         step_id as "stepId", attempt, kind, actor, data
       from journal where deployment_id = $1 order by seq`,
      [id],
    );
  }

  async state({ id }: { id: string }) {
    const table = this.kind === ERRAND ? 'errands' : 'deployments';
    const [row] = await this.sql<Awaited<ReturnType<RunStoreBench['state']>>>(
      `select d.status, r.wake_at is not null as "isAwake", r.lease_until is not null as "isLeased"
       from ${table} d join runs r on r.id = d.id where d.id = $1`,
      [id],
    );
    return row!;
  }
}
