/**
 * Walks the catalogue of a migrated database, so that a new table cannot forget what protects tenants
 * from each other. The exceptions are listed here, and each has a reason.
 */
import { freshDatabase, type TestDatabase, withClient } from '../support/database.js';

/** Keys and indexes that do not lead with the tenant: they are read before it is known, or for all. */
const SYSTEM_INDEXES = [
  'memberships_by_user', // the tenants of a person who logs in
  'nodes_by_public_key', // a key is of one node over all tenants
  'access_keys_by_hash', // likewise
  'directory_tokens_by_hash', // likewise
  'credentials_pkey', // a token is looked up by its hash
  'credentials_by_subject', // what a person has open, in all tenants
  'runs_due', // the due loop
  'runs_due_by_tenant',
  'runs_polling',
  'runs_leased',
  'idempotency_keys_by_age', // the purge
  'events_by_age', // likewise
  'notices_by_age', // likewise
  'approval_reminders_due', // the worker's look
  'approval_requests_by_age', // how long the oldest one waits
  'break_glass_unreviewed', // whose review is overdue
  'external_gate_calls_due', // what gates outside are to be asked
  'external_gates_by_id', // who answers names a gate and no tenant
  'mail_outbox_by_done', // likewise
  'mail_outbox_by_due', // the sender's claim
  'mail_outbox_by_recipient', // so many an hour to one address, of all tenants together
  'delivery_lanes_due', // the sender's claim
  'deliveries_by_wait', // the oldest that waits, of all tenants
  'deliveries_by_done', // the purge
  'outbox_pkey', // the relay
  'outbox_open',
  'verified_domains_domain_key', // a domain is of one tenant over all
  'sign_in_answers_pkey', // who signs in has no tenant yet
  'sign_in_answers_code_hash_key',
  'sign_in_answers_by_expiry',
  'quota_counters_by_age', // whose counters nobody has counted for a day
  'usage_days_by_day', // the purge
  'settings_by_revision', // what each process has yet to hear of
  'tenant_tasks_due', // the worker's claim
  'tenant_looks_by_age', // what is yet to be told
  'audit_reads_by_age', // likewise
  'audit_erasures_due', // who is yet to be erased, of all tenants
  'audit_folds_due', // likewise
  'suspicion_signals_by_age', // what is forgotten
  'suspicions_by_age', // likewise
  'audit_anchors_due', // what has yet to go to a place outside
  'audit_stream_positions_due', // the sender's claim
  'failure_logs_by_age', // what is forgotten
];
/** Tables without a tenant: people are global, and so are their factors, failed logins and what was migrated. */
const GLOBAL_TABLES = [
  'users',
  'user_factors',
  'answered_challenges',
  'login_throttles',
  'token_signing_keys', // they sign for all tenants
  'external_identities',
  'tenants',
  'tiers', // of the platform: what each lets a tenant use
  'platform_switch', // of the platform: one row, which every start reads
  'audit_months', // of the platform: how far each month of all logs is
  'migrations',
  'migration_checksums',
];
/** State-like columns whose words belong to a registry, which a CHECK cannot know. */
const OPEN_WORDS = [
  'channels.kind',
  'clusters.target_kind',
  'gate_verdicts.gate_kind',
  'journal.kind',
  'mail_outbox.kind',
  'journal.run_kind',
  'plans.run_kind',
  'runs.kind',
  'signals.run_kind',
  'audit_entries.subject_kind',
  'events.subject_kind',
];

describe('the schema', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await freshDatabase();
  });
  afterAll(() => database.drop());

  const rows = async <Row extends object>(
    sql: string,
    parameters: unknown[] = [],
  ): Promise<Row[]> =>
    withClient(
      database.superuser,
      async (client) => (await client.query<Row>(sql, parameters)).rows,
    );

  const names = async (sql: string, parameters: unknown[] = []): Promise<string[]> =>
    (await rows<{ name: string }>(sql, parameters)).map(({ name }) => name);

  it('gives every table a tenant, apart from the global ones', async () => {
    const without = await names(
      `select relname as name from pg_class c where relkind in ('r', 'p')
         and relnamespace = 'public'::regnamespace
         and not exists (select 1 from pg_attribute a where a.attrelid = c.oid and attname = 'tenant_id')`,
    );
    expect(without.sort()).toEqual([...GLOBAL_TABLES].sort());
  });

  it('enables and forces row-level security on every table of a tenant and on each partition', async () => {
    const open = await names(
      `select relname as name from pg_class c where relkind in ('r', 'p')
         and relnamespace = 'public'::regnamespace and not (relrowsecurity and relforcerowsecurity)
         and relname <> all ($1)`,
      [GLOBAL_TABLES.filter((name) => name !== 'tenants')],
    );
    expect(open).toEqual([]);
  });

  it('binds the application to its tenant when reading and when writing', async () => {
    const unbound = await names(
      `select relname as name from pg_class c where relkind in ('r', 'p') and relrowsecurity
         and relnamespace = 'public'::regnamespace and not relispartition
         and not exists (select 1 from pg_policies p where p.tablename = c.relname
           and p.roles = '{tidegate_app}' and p.cmd = 'ALL'
           and p.qual like '%app.tenant_id%' and p.with_check like '%app.tenant_id%')`,
    );
    expect(unbound).toEqual([]);
  });

  it('has no policy that opens a table to everybody or widens the application’s view', async () => {
    const wide = await rows(
      `select tablename, policyname from pg_policies where roles && '{public}'
         or ('tidegate_app' = any (roles) and policyname <> 'tenant')`,
    );
    expect(wide).toEqual([]);
  });

  it('leads every key and index with the tenant, apart from the system’s', async () => {
    const found = await names(
      `select i.relname as name from pg_index x
       join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
       join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
       where t.relnamespace = 'public'::regnamespace and not t.relispartition
         and t.relname <> all ($1) and a.attname <> 'tenant_id'`,
      [GLOBAL_TABLES],
    );
    expect(found.sort()).toEqual([...SYSTEM_INDEXES].sort());
  });

  it('gives every table of a tenant a primary key, but where rows are only ever appended', async () => {
    const without = await names(
      `select relname as name from pg_class c where relkind in ('r', 'p') and not relispartition
         and relnamespace = 'public'::regnamespace
         and not exists (select 1 from pg_index x where x.indrelid = c.oid and x.indisprimary)`,
    );
    expect(without).toEqual(['node_metrics']);
  });

  it('carries the tenant in every foreign key, and never cascades', async () => {
    const wrong = await names(
      `select conrelid::regclass || '.' || conname as name from pg_constraint k
       join pg_attribute a on a.attrelid = conrelid and a.attnum = conkey[1]
       where contype = 'f' and (confdeltype not in ('a', 'r') or confupdtype not in ('a', 'r')
         or (a.attname <> 'tenant_id' and confrelid <> all ('{users,tiers}'::regclass[])))
         -- Memberships name a global person beside the tenant, and a tenant its tier.
       order by 1`,
    );
    expect(wrong).toEqual([]);
  });

  it('keeps states as text with a CHECK, never as an enum', async () => {
    expect(await names(`select typname as name from pg_type where typtype = 'e'`)).toEqual([]);
    const unchecked = await names(
      `select c.relname || '.' || a.attname as name from pg_attribute a
       join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition
       where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and a.atttypid = 'text'::regtype
         and a.attname ~ '(^|_)(status|state|kind|role|lane|ending|verdict|health|policy|result)$'
         and not exists (select 1 from pg_constraint k where k.conrelid = c.oid and k.contype = 'c'
           and a.attnum = any (k.conkey))`,
    );
    expect(unchecked.sort()).toEqual([...OPEN_WORDS].sort());
  });

  it('grants TRUNCATE to nobody, and the application owns nothing', async () => {
    const roles = ['tidegate_app', 'tidegate_system', 'tidegate_backfill'];
    const privileged = await rows(
      `select r.rolname, c.relname from pg_class c cross join pg_roles r
       where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
         and r.rolname = any ($1) and (c.relowner = r.oid
           or has_table_privilege(r.oid, c.oid, 'truncate, references, trigger'))`,
      [roles],
    );
    expect(privileged).toEqual([]);
    const powers = await rows(
      `select rolname from pg_roles where rolname like 'tidegate%'
         and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`,
    );
    expect(powers).toEqual([]);
    const creates = await rows(
      `select r.rolname from pg_roles r where r.rolname = any ($1)
         and (has_schema_privilege(r.oid, 'public', 'create')
           or has_database_privilege(r.oid, current_database(), 'create, temporary'))`,
      [roles],
    );
    expect(creates).toEqual([]);
  });

  it('keeps append-only tables append-only for the application', async () => {
    const changeable = await names(
      `select c.relname as name from pg_class c
       where c.relname = any ($1) and has_table_privilege('tidegate_app', c.oid, 'update, delete')`,
      [
        [
          'journal',
          'plans',
          'signals',
          'gate_verdicts',
          'configurations',
          'releases',
          'audit_entries',
        ],
      ],
    );
    expect(changeable).toEqual([]);
  });

  it('shows nobody a password hash but the system’s role', async () => {
    const [seen] = await rows(
      `select has_column_privilege('tidegate_app', 'users', 'password_hash', 'select') as app,
         has_column_privilege('tidegate_system', 'users', 'password_hash', 'select') as system`,
    );
    expect(seen).toEqual({ app: false, system: true });
  });

  it('limits how long the roles may hold a statement, a lock or an idle transaction', async () => {
    for (const connection of [database.app, database.system]) {
      await withClient(connection, async (client) => {
        for (const name of [
          'statement_timeout',
          'lock_timeout',
          'idle_in_transaction_session_timeout',
        ]) {
          const { rows: found } = await client.query<{ value: string }>(
            'select current_setting($1) as value',
            [name],
          );
          expect(found[0]?.value).not.toBe('0');
        }
      });
    }
  });
});
