-- The first tables. Every table with a tenant_id has row-level security with FORCE (set up at the
-- end, in one loop), keys that lead with tenant_id, and states as text + CHECK (an enum comparison
-- is not leakproof and could not be an index condition under row-level security).

create table tenants (
  id uuid primary key,
  slug text not null unique,
  name text not null,
  status text not null default 'active' check (status in ('active', 'suspended', 'deleted')),
  tier text not null default 'standard',
  created_at timestamptz not null default clock_timestamp()
);

-- People are global; what they may do where is a membership.
create table users (
  id uuid primary key,
  username text not null,
  username_key text not null unique,
  email text,
  email_key text unique,
  password_hash text not null,
  disabled_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);

create table memberships (
  tenant_id uuid not null references tenants (id),
  user_id uuid not null references users (id),
  role text not null check (role in ('Viewer', 'Deployer', 'Admin', 'PlatformAdmin')),
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, user_id, role)
);
create index memberships_by_user on memberships (user_id);

-- Failed logins, by a hash of account (and client network); names that nobody bears count alike.
create table login_throttles (
  key text primary key,
  failures integer not null,
  failed_at timestamptz not null,
  throttled_until timestamptz
);
create index login_throttles_by_age on login_throttles (failed_at);

-- Looked up by hash before the tenant is known: enrolment tokens, refresh tokens, access keys.
create table credentials (
  hash text primary key,
  tenant_id uuid not null references tenants (id),
  kind text not null check (kind in ('enrollment', 'refresh', 'access-key')),
  subject_id uuid not null,
  data jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index credentials_by_tenant on credentials (tenant_id, kind, subject_id);

create table environments (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null check (length(name) between 1 and 40),
  name_key text not null,
  -- {strategy: {kind, …}, gate: {…}}: what a request that says nothing gets.
  defaults jsonb not null,
  allowed_strategies text[] not null,
  signature_policy text not null check (signature_policy in ('required', 'if-present')),
  on_conflict text not null default 'queue' check (on_conflict in ('queue', 'supersede', 'reject')),
  -- Rollouts in flight at once; null: no cap of its own.
  max_in_flight integer check (max_in_flight > 0),
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key)
);

create table clusters (
  tenant_id uuid not null,
  id uuid not null,
  environment_id uuid not null,
  name text not null,
  target_kind text not null,
  min_available integer not null default 0 check (min_available >= 0),
  max_in_flight integer check (max_in_flight > 0),
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, environment_id, name),
  foreign key (tenant_id, environment_id) references environments (tenant_id, id)
);

create table nodes (
  tenant_id uuid not null,
  id uuid not null,
  cluster_id uuid not null,
  name text not null,
  labels jsonb not null default '{}',
  admin_state text not null default 'active' check (admin_state in ('active', 'cordoned')),
  admin_state_at timestamptz not null default clock_timestamp(),
  public_key text not null,
  revoked_at timestamptz,
  -- Grows with every change of what this node should run; the long poll waits for it.
  desired_revision bigint not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  foreign key (tenant_id, cluster_id) references clusters (tenant_id, id)
);
-- A revoked node keeps its row, because journals name it, but not its name.
create unique index nodes_by_name on nodes (tenant_id, cluster_id, name) where revoked_at is null;

-- Hot: rewritten with every report, so it has no foreign key and few columns.
create table node_presence (
  tenant_id uuid not null,
  node_id uuid not null,
  last_report_at timestamptz not null,
  boot_id text not null,
  agent_version text not null,
  accepted_revision bigint not null default 0,
  -- Lost is derived from last_report_at and never stored.
  health text not null check (health in ('Healthy', 'Unhealthy')),
  health_at timestamptz not null,
  -- What the node can give to its modules; null: it has not said.
  cpu_millicores int,
  memory_mib int,
  -- Modules in which it runs something else than it was told, as of its last report.
  drifted_modules integer not null default 0,
  primary key (tenant_id, node_id)
) with (fillfactor = 70);

create table modules (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

create table signing_keys (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  public_key text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, name),
  unique (tenant_id, public_key)
);

create table artifacts (
  tenant_id uuid not null references tenants (id),
  artifact_digest text not null,
  size bigint not null,
  state text not null check (state in ('uploading', 'ready', 'deleting')),
  verified_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, artifact_digest)
);

create table releases (
  tenant_id uuid not null,
  id uuid not null,
  module_id uuid not null,
  version text not null,
  release_digest text not null,
  artifact_digest text not null,
  manifest_text text not null,
  signature text,
  key_id uuid,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, module_id, version),
  foreign key (tenant_id, module_id) references modules (tenant_id, id),
  foreign key (tenant_id, artifact_digest) references artifacts (tenant_id, artifact_digest),
  foreign key (tenant_id, key_id) references signing_keys (tenant_id, id)
);

-- Append-only: a change is a new number.
create table configurations (
  tenant_id uuid not null,
  id uuid not null,
  environment_id uuid not null,
  module_id uuid not null,
  number integer not null,
  body_text text not null,
  configuration_digest text not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, module_id, environment_id, number),
  foreign key (tenant_id, environment_id) references environments (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id)
);

create table deployments (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null default 'deploy' check (kind in ('deploy', 'rollback', 'retry')),
  origin_id uuid,
  environment_id uuid not null,
  cluster_id uuid not null,
  module_id uuid not null,
  release_id uuid not null,
  configuration_id uuid,
  strategy text not null,
  status text not null check (status in ('Pending', 'PendingApproval', 'Running', 'Paused',
    'RollingBack', 'Succeeded', 'Failed', 'RolledBack', 'RollbackFailed', 'Cancelled', 'Rejected')),
  -- What RollingBack will end in, and why it began.
  ending text check (ending in ('RolledBack', 'Cancelled')),
  reason text,
  version integer not null default 1,
  journal_seq integer not null default 0,
  spec_text text not null,
  subject_digest text not null,
  metadata jsonb not null default '{}',
  requested_by text not null,
  lane text not null default 'normal' check (lane in ('normal', 'rollback')),
  -- While Pending: the cluster, environment or tenant whose cap on rollouts in flight is in the way.
  capacity_scope_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, origin_id) references deployments (tenant_id, id),
  foreign key (tenant_id, environment_id) references environments (tenant_id, id),
  foreign key (tenant_id, cluster_id) references clusters (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id),
  foreign key (tenant_id, release_id) references releases (tenant_id, id),
  foreign key (tenant_id, configuration_id) references configurations (tenant_id, id)
);
create index deployments_by_status on deployments (tenant_id, status, id desc);
create index deployments_by_module on deployments (tenant_id, module_id, id desc);
create index deployments_by_slot on deployments (tenant_id, cluster_id, module_id, id)
  where status in ('Pending', 'PendingApproval', 'Running', 'Paused', 'RollingBack');
create index deployments_in_flight on deployments (tenant_id, environment_id, cluster_id)
  where lane = 'normal' and status in ('Running', 'Paused', 'RollingBack');
create index deployments_by_capacity_wait on deployments (tenant_id, capacity_scope_id, id)
  where status = 'Pending' and capacity_scope_id is not null;

create table deployment_slots (
  tenant_id uuid not null,
  cluster_id uuid not null,
  module_id uuid not null,
  holder_deployment_id uuid,
  primary key (tenant_id, cluster_id, module_id),
  foreign key (tenant_id, cluster_id) references clusters (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id),
  foreign key (tenant_id, holder_deployment_id) references deployments (tenant_id, id)
);

-- What a cluster runs when nothing is in flight: new and returning nodes get this.
create table module_targets (
  tenant_id uuid not null,
  cluster_id uuid not null,
  module_id uuid not null,
  release_id uuid not null,
  configuration_id uuid,
  deployment_id uuid not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, cluster_id, module_id),
  foreign key (tenant_id, cluster_id) references clusters (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id),
  foreign key (tenant_id, release_id) references releases (tenant_id, id),
  foreign key (tenant_id, configuration_id) references configurations (tenant_id, id)
);

create table plans (
  tenant_id uuid not null,
  deployment_id uuid not null,
  number integer not null,
  role text not null check (role in ('forward', 'undo')),
  body_text text not null,
  plan_digest text not null,
  subject_digest text not null,
  facts_text text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, deployment_id, number),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id)
);

create table journal (
  tenant_id uuid not null,
  deployment_id uuid not null,
  seq integer not null check (seq between 1 and 10000),
  at timestamptz not null,
  plan_number integer not null,
  step_id text,
  attempt integer,
  fence bigint,
  kind text not null,
  actor text not null,
  data jsonb not null default '{}' check (pg_column_size(data) <= 16384),
  primary key (tenant_id, deployment_id, seq),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id)
);

-- Verbs and decisions on their way to the holder of the lease.
create table signals (
  tenant_id uuid not null,
  deployment_id uuid not null,
  number integer not null,
  verb text not null,
  params jsonb not null default '{}',
  actor text not null,
  reason text,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, deployment_id, number),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id)
);

-- Hot and narrow: the engine's clockwork. No foreign key; `id` is the deployment's id.
create table runs (
  tenant_id uuid not null,
  kind text not null,
  id uuid not null,
  lane text not null default 'normal' check (lane in ('normal', 'rollback')),
  wake_at timestamptz,
  lease_owner uuid,
  lease_until timestamptz,
  fence bigint not null default 0,
  -- Grows with every hint (verb, report, approval), so that an action which began before the hint
  -- cannot put the run to sleep over it.
  pokes bigint not null default 0,
  failures integer not null default 0,
  -- True while the run only polls a gate: the due loop folds it in a batch, without an action.
  polls_gate boolean not null default false,
  gate jsonb check (pg_column_size(gate) <= 16384),
  waiting_on jsonb,
  primary key (tenant_id, kind, id)
) with (fillfactor = 70);
-- System indexes: the due loop looks over all tenants. Oldest first; and tenant by tenant, when one
-- of them has more due than anybody wants to read. Gates are polled by an index of their own.
create index runs_due on runs (lane, wake_at) where wake_at is not null and not polls_gate;
create index runs_due_by_tenant on runs (lane, tenant_id, wake_at)
  where wake_at is not null and not polls_gate;
create index runs_polling on runs (wake_at) where wake_at is not null and polls_gate;
create index runs_leased on runs (lease_until) where lease_until is not null;

-- What a gate in progress looks at (nodes, baselines, parameters): read at each poll, written once.
create table gate_specs (
  tenant_id uuid not null,
  deployment_id uuid not null,
  step_id text not null,
  body jsonb not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, deployment_id, step_id),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id)
);

create table gate_samples (
  tenant_id uuid not null,
  deployment_id uuid not null,
  step_id text not null,
  n integer not null,
  at timestamptz not null,
  body jsonb not null,
  primary key (tenant_id, deployment_id, step_id, n, at)
) partition by range (at);
create table gate_samples_default partition of gate_samples default;

create table gate_verdicts (
  tenant_id uuid not null,
  deployment_id uuid not null,
  step_id text not null,
  n integer not null,
  verdict text not null check (verdict in ('stable', 'unstable', 'inconclusive')),
  gate_kind text not null,
  gate_version integer not null,
  params jsonb not null,
  -- The folded samples and the baselines, gzip + base64: a verdict can be replayed.
  evidence_text text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, deployment_id, step_id, n),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id)
);

create table desired_modules (
  tenant_id uuid not null,
  node_id uuid not null,
  module_id uuid not null,
  generation bigint not null,
  -- [{releaseId, releaseDigest, configurationId, trafficPercent}]; empty: absent.
  releases jsonb not null,
  -- What was desired before: a node may still fetch those artifacts.
  previous_releases jsonb not null default '[]',
  signature_required boolean not null default false,
  -- How often the node was told again because it had drifted.
  drift_repairs integer not null default 0,
  deployment_id uuid,
  -- When it was decided what to run there. Being told again, by a repair or an answer, is no decision.
  decided_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, node_id, module_id),
  foreign key (tenant_id, node_id) references nodes (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id)
);

create table observed_modules (
  tenant_id uuid not null,
  node_id uuid not null,
  module_id uuid not null,
  generation bigint not null,
  state text not null check (state in ('converging', 'healthy', 'absent', 'failed', 'refused',
    'outcome-unknown')),
  running jsonb not null default '[]',
  reason jsonb,
  endpoints jsonb not null default '[]',
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, node_id, module_id),
  foreign key (tenant_id, node_id) references nodes (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id)
) with (fillfactor = 70);

-- Who may download artifacts right now: so many places for a cluster, over all processes. One whose
-- lease has run out is free.
create table download_places (
  tenant_id uuid not null,
  cluster_id uuid not null,
  number integer not null check (number > 0),
  -- The one download that has it.
  holder uuid,
  lease_until timestamptz,
  primary key (tenant_id, cluster_id, number),
  foreign key (tenant_id, cluster_id) references clusters (tenant_id, id)
) with (fillfactor = 70);

-- Cumulative counters and buckets as reported, so that they can be merged over any window.
create table node_metrics (
  tenant_id uuid not null,
  node_id uuid not null,
  module_id uuid not null,
  release_id uuid not null,
  instance text not null,
  at timestamptz not null,
  requests bigint not null,
  errors bigint not null,
  cpu_ms double precision not null,
  memory_bytes bigint not null,
  counters jsonb not null
) partition by range (at);
create index node_metrics_by_node on node_metrics (tenant_id, node_id, module_id, at desc);
create table node_metrics_default partition of node_metrics default;

create table idempotency_keys (
  tenant_id uuid not null,
  principal text not null,
  route text not null,
  key text not null,
  body_digest text not null,
  status integer not null,
  body text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, principal, route, key)
);
create index idempotency_keys_by_age on idempotency_keys (at);

create table outbox (
  consumer text not null,
  tenant_id uuid not null,
  stream_id uuid not null,
  up_to_seq integer not null,
  delivered_seq integer not null default 0,
  -- Nobody takes it before: somebody delivers it now, or it has failed and waits.
  lease_until timestamptz,
  failures integer not null default 0,
  primary key (consumer, tenant_id, stream_id)
);
create index outbox_open on outbox (consumer, lease_until) where delivered_seq < up_to_seq;

create table audit_entries (
  at timestamptz not null,
  id uuid not null,
  tenant_id uuid not null,
  category text not null,
  action text not null,
  actor text not null,
  subject_kind text not null,
  subject_id text not null,
  request_id text,
  result text not null check (result in ('allowed', 'denied', 'failed')),
  body_text text not null,
  leaf_hash text not null,
  primary key (tenant_id, at, id)
) partition by range (at);
create table audit_entries_default partition of audit_entries default;

-- Entries that no chain has sealed yet.
create table audit_pending (
  tenant_id uuid not null,
  entry_id uuid not null,
  at timestamptz not null,
  primary key (tenant_id, entry_id)
);

create table audit_chain (
  tenant_id uuid not null,
  seq bigint not null,
  entry_id uuid not null,
  leaf_hash text not null,
  prev_hash text not null,
  hash text not null,
  primary key (tenant_id, seq)
);

-- Partitions: three ahead of every table, and what is too old is dropped whole. The owner's function,
-- because the application may not create tables. Row-level security is also put on each partition,
-- so that nothing is to be had by naming one directly.
create function tidegate_ensure_partitions(reference timestamptz default clock_timestamp())
returns integer language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  spec record;
  step integer;
  lower_bound timestamptz;
  upper_bound timestamptz;
  partition_name text;
  made integer := 0;
begin
  for spec in
    select * from (values
      ('node_metrics', 'hour', interval '1 hour'),
      ('gate_samples', 'day', interval '1 day'),
      ('audit_entries', 'month', interval '1 month')
    ) as t(parent, unit, width)
  loop
    for step in 0..3 loop
      lower_bound := date_trunc(spec.unit, reference at time zone 'UTC') at time zone 'UTC';
      lower_bound := (lower_bound at time zone 'UTC' + step * spec.width) at time zone 'UTC';
      upper_bound := (lower_bound at time zone 'UTC' + spec.width) at time zone 'UTC';
      partition_name := spec.parent || to_char(lower_bound at time zone 'UTC', '_YYYYMMDD_HH24');
      if to_regclass('public.' || partition_name) is null then
        execute format('create table public.%I partition of public.%I for values from (%L) to (%L)',
          partition_name, spec.parent, lower_bound, upper_bound);
        execute format('alter table public.%I enable row level security', partition_name);
        execute format('alter table public.%I force row level security', partition_name);
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;

create function tidegate_drop_old_partitions(reference timestamptz default clock_timestamp())
returns integer language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  spec record;
  child record;
  dropped integer := 0;
begin
  for spec in
    select * from (values
      ('node_metrics', interval '24 hours'),
      ('gate_samples', interval '14 days')
    ) as t(parent, keep)
  loop
    for child in
      select c.relname, to_timestamp(right(c.relname, 11), 'YYYYMMDD_HH24') as starts
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = ('public.' || spec.parent)::regclass and c.relname ~ '_\d{8}_\d{2}$'
    loop
      if child.starts < reference - spec.keep - interval '1 day' then
        execute format('drop table public.%I', child.relname);
        dropped := dropped + 1;
      end if;
    end loop;
  end loop;
  return dropped;
end $$;

select tidegate_ensure_partitions();

-- Row-level security. The application's role sees one tenant; the system's role sees all tenants,
-- but only on the tables that scheduling and look-ups before the tenant is known need.
do $$
declare
  name text;
  key_column text;
begin
  for name in
    select c.relname from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    where c.relkind in ('r', 'p')
      and (c.relname = 'tenants' or exists (
        select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'))
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    if exists (select 1 from pg_inherits where inhrelid = name::regclass) then continue; end if;
    key_column := case when name = 'tenants' then 'id' else 'tenant_id' end;
    execute format(
      'create policy tenant on %I to tidegate_app
         using (%I = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (%I = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      name, key_column, key_column);
  end loop;
  foreach name in array array['runs', 'gate_specs', 'gate_samples', 'node_metrics', 'node_presence', 'download_places', 'outbox',
    'credentials', 'idempotency_keys', 'audit_pending', 'audit_chain', 'tenants', 'memberships',
    'nodes']
  loop
    execute format('create policy system on %I to tidegate_system using (true) with check (true)',
      name);
  end loop;
  -- Data migrations run as a role of their own: FORCE hides rows from the owner, too.
  for name in
    select c.relname from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    where c.relkind in ('r', 'p') and c.relrowsecurity and not c.relispartition
  loop
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)',
      name);
    execute format('grant select, insert, update, delete on %I to tidegate_backfill', name);
  end loop;
end $$;

grant usage on schema public to tidegate_app, tidegate_system, tidegate_backfill;
-- A process of cluster mode only looks whether its schema is there.
grant select on migrations to tidegate_app;

-- The application: no TRUNCATE (it ignores row-level security), no DELETE but where rows are meant
-- to go, no UPDATE of what is append-only.
grant select on tenants to tidegate_app;
grant select (id, username, disabled_at) on users to tidegate_app;
grant select on memberships to tidegate_app;
grant select, insert, update on credentials, environments, clusters, nodes, node_presence, modules,
  signing_keys, artifacts, deployments, deployment_slots, module_targets, runs, gate_specs, desired_modules,
  observed_modules, download_places, outbox to tidegate_app;
grant select, insert on releases, configurations, plans, journal, signals, gate_samples,
  gate_verdicts, node_metrics, idempotency_keys, audit_entries, audit_pending to tidegate_app;
grant delete on desired_modules, observed_modules, artifacts, node_presence to tidegate_app;
grant select on audit_chain to tidegate_app;

grant select, insert, update on users, memberships, tenants to tidegate_system;
grant delete on memberships to tidegate_system;
grant select, insert, update, delete on login_throttles to tidegate_system;
grant select, insert, update, delete on credentials, outbox, audit_pending to tidegate_system;
grant select, update on runs, node_presence, download_places to tidegate_system;
grant select on gate_specs to tidegate_system;
grant select, insert on gate_samples, audit_chain to tidegate_system;
grant select, insert on node_metrics to tidegate_system;
grant select, delete on idempotency_keys to tidegate_system;
grant select (tenant_id, id, cluster_id, name, desired_revision, revoked_at, public_key) on nodes
  to tidegate_system;
revoke execute on function tidegate_ensure_partitions(timestamptz) from public;
revoke execute on function tidegate_drop_old_partitions(timestamptz) from public;
grant execute on function tidegate_ensure_partitions(timestamptz) to tidegate_system;
grant execute on function tidegate_drop_old_partitions(timestamptz) to tidegate_system;
