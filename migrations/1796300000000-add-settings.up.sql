-- What is set while everything runs: a row for each level at which somebody has set something. It stays when
-- the value is taken back, so that versions go on and the copies in the processes hear of it.
-- Revisions are given out under one lock that lasts until the commit: whoever sees one has seen all before.
create sequence settings_revision;
grant usage on sequence settings_revision to tidegate_app;

create table settings (
  tenant_id uuid not null references tenants (id),
  key text not null check (length(key) between 1 and 80),
  -- `platform` are the rows of the reserved tenant; they count in all.
  scope text not null check (scope in ('platform', 'tenant', 'environment')),
  -- As kernel/environment-key makes it of the name; empty: of no environment.
  environment_key text not null default '',
  -- The name as its environment has it.
  environment text,
  -- False: taken back; the level above counts.
  is_set boolean not null,
  value jsonb,
  version integer not null check (version > 0),
  revision bigint not null,
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, key, environment_key),
  check ((scope = 'platform') = (tenant_id = '00000000-0000-7000-8000-000000000001')),
  check ((scope = 'environment') = (environment_key <> '')),
  check ((environment is null) = (environment_key = '')),
  check (is_set = (value is not null))
);
create unique index settings_by_revision on settings (revision);

-- Each change that there ever was; nothing of it can be changed.
create table setting_changes (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  key text not null,
  scope text not null check (scope in ('platform', 'tenant', 'environment')),
  environment_key text not null default '',
  environment text,
  version integer not null,
  revision bigint not null,
  was_set boolean not null,
  before jsonb,
  is_set boolean not null,
  value jsonb,
  reason text check (length(reason) <= 500),
  actor text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id)
);
create index setting_changes_by_key on setting_changes (tenant_id, key, id);

do $$
declare
  name text;
begin
  foreach name in array array['settings', 'setting_changes']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to tidegate_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      name);
    execute format('create policy system on %I to tidegate_system using (true) with check (true)', name);
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on %I to tidegate_backfill', name);
    execute format('grant select, insert on %I to tidegate_app', name);
  end loop;
end $$;
grant update (is_set, value, version, revision, changed_by, changed_at) on settings to tidegate_app;
-- Each process has a copy of all that is set.
grant select on settings to tidegate_system;
