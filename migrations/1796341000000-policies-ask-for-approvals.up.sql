-- Who must agree before a deployment starts. A request keeps its own copy of what counted when it was made.
create table approval_policies (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null check (length(name) between 1 and 63),
  name_key text not null,
  description text not null default '' check (length(description) <= 500),
  -- Null: every environment, those to come as well.
  environment_id uuid,
  -- Names of modules; null: all.
  modules text[] check (cardinality(modules) > 0),
  -- An environment must have all of them.
  labels jsonb not null default '{}',
  -- Kinds of strategies; null: all.
  strategies text[] check (cardinality(strategies) > 0),
  kind text not null check (kind in ('people', 'external')),
  -- {roles, groups, users}: names of roles, ids of the others. All empty: nobody.
  approvers jsonb not null,
  quorum integer not null check (quorum between 1 and 20),
  -- {groups, count}
  distinct_groups jsonb,
  bars text[] not null check (bars <@ array['requester', 'release-author', 'configuration-editor']),
  decision_valid_ms integer check (decision_valid_ms > 0),
  timeout_ms integer not null check (timeout_ms > 0),
  reason_required boolean not null,
  passkey_required boolean not null,
  external_gate_id uuid,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key),
  foreign key (tenant_id, environment_id) references environments (tenant_id, id),
  check ((kind = 'external') = (external_gate_id is not null))
);
create index approval_policies_by_environment on approval_policies (tenant_id, environment_id);

alter table approval_policies enable row level security;
alter table approval_policies force row level security;
create policy tenant on approval_policies to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy backfill on approval_policies to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on approval_policies to tidegate_backfill;
grant select, insert, update, delete on approval_policies to tidegate_app;

-- Whether any policy may count there: read with the environment, so that a deployment to one without
-- policies costs no statement more. Environments that exist have none.
alter table environments add column has_approval_policies boolean not null default false;

-- The person behind `created_by`; null: a machine, or written before this column was there.
alter table releases add column created_by_person uuid;
alter table configurations add column created_by_person uuid;
