-- Times in which nothing starts. One-off, from one moment to another; or recurring: an RFC 5545 rule over days
-- that begin at a local time of a zone and last for a duration. Names of environments and modules stay: a
-- freeze counts for whatever bears them.
create table freezes (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null check (length(name) between 1 and 100),
  reason text not null check (length(reason) between 1 and 500),
  -- Keys of environments, as kernel/environment-key makes them, and names of modules; empty: all of them.
  environment_keys text[] not null,
  environments text[] not null,
  modules text[] not null,
  -- Of environments that bear all of these labels.
  labels jsonb not null,
  -- What may not be done meanwhile.
  verbs text[] not null check (
    cardinality(verbs) > 0 and verbs <@ array['create', 'approve', 'start', 'promote', 'rollback']),
  kind text not null check (kind in ('once', 'recurring')),
  -- Of a recurring one: of its first and of its last window; null: without an end.
  starts_at timestamptz not null,
  ends_at timestamptz,
  rule text,
  -- As a clock on the wall there shows it: 2026-12-01T18:00:00.
  local_start text,
  duration text,
  time_zone text,
  created_by text not null,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name),
  check (ends_at > starts_at),
  check ((kind = 'recurring') = (rule is not null)),
  check (num_nulls(rule, local_start, duration, time_zone) in (0, 4)),
  check (kind = 'recurring' or ends_at is not null)
);

-- Who let one deployment pass in spite of them.
create table freeze_overrides (
  tenant_id uuid not null references tenants (id),
  deployment_id uuid not null,
  reason text not null check (length(reason) between 1 and 500),
  actor text not null,
  person_id uuid,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, deployment_id),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id)
);

do $$
declare
  name text;
begin
  foreach name in array array['freezes', 'freeze_overrides']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to tidegate_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      name);
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to tidegate_backfill', name);
    execute format('grant select, insert on %I to tidegate_app', name);
  end loop;
end $$;
grant update, delete on freezes to tidegate_app;
