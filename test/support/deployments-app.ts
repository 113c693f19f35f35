/** The whole API without its engine, and a tenant with something to deploy: nothing moves by itself. */
import type { Type } from '@nestjs/common';
import { DeploymentKind } from '../../src/deployments/runs/deployment-kind.js';
import { deploymentRun } from '../../src/deployments/runs/runs.store.js';
import { SqlRunStore } from '../../src/deployments/runs/sql-run-store.js';
import { manifestSchema } from '../../src/agent/protocol/manifest.js';
import { Interpreter } from '../../src/engine/interpreter.js';
import type { RunKind } from '../../src/engine/run-kind.js';
import { newId } from '../../src/kernel/ids.js';
import { registry, type Registry } from '../../src/kernel/registry.js';
import type { Role } from '../../src/kernel/permission.js';
import { withClient } from './database.js';
import { WholeApp } from './whole-app.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at, not typed
  readonly body: any;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** As JSON.stringify would write it, or as it stands: for what no client library would send. */
const bodyOf = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));

export class DeployingTenant {
  private readonly tokens = new Map<Role, string>();

  constructor(
    readonly app: DeploymentsApp,
    readonly id: string,
  ) {}

  /** Of somebody who holds this role: the same one each time. */
  async tokenOf(role: Role): Promise<string> {
    const token = this.tokens.get(role) ?? (await this.app.whole.member(this.id, role)).token;
    this.tokens.set(role, token);
    return token;
  }

  async as(role: Role, path: string, options: CallOptions = {}): Promise<Answer> {
    const token = await this.tokenOf(role);
    const { method = 'GET', body, headers = {} } = options;
    const response = await fetch(`${this.app.whole.url}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        authorization: `Bearer ${token}`,
        ...headers,
      },
      ...(body === undefined ? {} : { body: bodyOf(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
  }

  get(path: string): Promise<Answer> {
    return this.as('Deployer', path);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.as('Deployer', path, { method: 'POST', body, headers });
  }

  /** An unsigned release of a module, as if it had been pushed. */
  async release(moduleName: string, version: string): Promise<void> {
    const digest = `sha256:${newId().replaceAll('-', '').repeat(2)}`;
    const manifest = manifestSchema.parse({
      schema: 1,
      run: { command: 'node', args: ['server.js'] },
      traffic: { protocol: 'http', port: 8080 },
    });
    await this.app.sql(
      `with m as (insert into modules (tenant_id, id, name) values ($1, $2, $3)
         on conflict (tenant_id, name) do update set name = excluded.name returning id),
       a as (insert into artifacts (tenant_id, artifact_digest, size, state)
         values ($1, $4, 8, 'ready'))
       insert into releases (tenant_id, id, module_id, version, release_digest, artifact_digest,
         manifest_text, created_by) select $1, $5, m.id, $6, $4, $4, $7, 'test' from m`,
      [this.id, newId(), moduleName, digest, newId(), version, JSON.stringify(manifest)],
    );
  }

  /** Nodes of an environment's first cluster that have just reported, and will not be lost soon. */
  async nodes(environment: string, count: number, cluster = 'local'): Promise<void> {
    await this.app.sql(
      `with c as (select c.id from clusters c join environments e on e.id = c.environment_id
         where c.tenant_id = $1 and e.name_key = lower($2) and c.name = $4),
       n as (insert into nodes (tenant_id, id, cluster_id, name, public_key)
         select $1, gen_random_uuid(), c.id, 'node-' || lpad(i::text, 4, '0'), 'key-' || gen_random_uuid()
         from c, generate_series(1, $3::int) as i returning id)
       insert into node_presence (tenant_id, node_id, last_report_at, boot_id, agent_version,
         health, health_at)
       select $1, n.id, clock_timestamp() + interval '1 hour', 'boot', '0', 'Healthy', clock_timestamp()
       from n`,
      [this.id, environment, count, cluster],
    );
  }

  /** Accepted; its id. */
  async deploy(change: object = {}): Promise<string> {
    const answer = await this.post('/deployments', { ...orders, ...change });
    if (answer.status !== 202) throw new Error(`refused: ${JSON.stringify(answer.body)}`);
    return answer.body.id as string;
  }
}

/** What the tests deploy. */
export const orders = { moduleName: 'orders', version: '1.0.0', targetEnvironment: 'QA' };

export class DeploymentsApp {
  private constructor(readonly whole: WholeApp) {}

  static async start(
    environment: Record<string, string> = {},
    modules: readonly Type[] = [],
  ): Promise<DeploymentsApp> {
    return new DeploymentsApp(await WholeApp.start({ environment, modules }));
  }

  close(): Promise<void> {
    return this.whole.close();
  }

  async tenant(slug: string, nodes = 3): Promise<DeployingTenant> {
    const tenant = new DeployingTenant(this, await this.whole.tenant(slug));
    await tenant.release('orders', '1.0.0');
    if (nodes > 0) await tenant.nodes('QA', nodes);
    return tenant;
  }

  /** As the superuser, whom row-level security does not bind. */
  sql<Row>(statement: string, parameters: unknown[] = []): Promise<Row[]> {
    return withClient(this.whole.database.superuser, async (client) => {
      return (await client.query(statement, parameters)).rows as Row[];
    });
  }

  /** Rows per table: what a request that must write nothing must leave as it was, but that it was asked. */
  async rows(): Promise<Record<string, number>> {
    const [row] = await this.sql<{ counts: Record<string, number> }>(
      `select jsonb_object_agg(c.relname, (xpath('/row/n/text()', query_to_xml(
         format('select count(*) as n from %I', c.relname), false, true, '')))[1]::text::int) as counts
       from pg_class c join pg_namespace s on s.oid = c.relnamespace and s.nspname = 'public'
       where c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'usage_days'`,
    );
    return row!.counts;
  }

  kinds(): Registry<RunKind> {
    return registry<RunKind>('kind of run', [this.whole.get(DeploymentKind)]);
  }

  interpreter(): Interpreter {
    return new Interpreter({
      store: this.whole.get(SqlRunStore),
      kinds: this.kinds(),
    });
  }

  /** The engine looks at a run once, as a worker would. */
  async act(tenantId: string, id: string): Promise<void> {
    const lease = await this.whole
      .get(SqlRunStore)
      .lease(deploymentRun(tenantId, id), newId(), 10_000);
    if (!lease) throw new Error('the run could not be leased');
    await this.interpreter().act(lease, { abort: new AbortController().signal });
  }

  /** As if the step had been done: for steps that need bytes or agents. */
  async pass(tenantId: string, id: string, step: string): Promise<void> {
    await this.sql(
      `with d as (update deployments set journal_seq = journal_seq + 1
         where tenant_id = $1 and id = $2 returning journal_seq)
       insert into journal (tenant_id, deployment_id, seq, at, plan_number, step_id, attempt, kind, actor)
       select $1, $2, d.journal_seq, clock_timestamp(), 1, $3, 1, 'step-succeeded', 'test' from d`,
      [tenantId, id, step],
    );
  }
}
