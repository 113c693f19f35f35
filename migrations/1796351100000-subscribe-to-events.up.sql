-- Who wants to hear of what. What belongs to a group or a person goes with them: what listens to that deletes it.
create table subscriptions (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  owner_kind text not null check (owner_kind in ('tenant', 'group', 'user')),
  -- Null: the tenant.
  owner_id uuid,
  -- Names and kinds.
  events text[] not null,
  -- Null: all.
  modules text[],
  environments text[],
  -- Null: to the address of the person's own account.
  channel_id uuid,
  created_by text not null,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  check ((owner_kind = 'tenant') = (owner_id is null)),
  check (channel_id is not null or owner_kind = 'user')
);
create index subscriptions_by_owner on subscriptions (tenant_id, owner_id);

-- What people get without asking, and have turned off.
create table muted_notices (
  tenant_id uuid not null references tenants (id),
  user_id uuid not null,
  kind text not null check (kind in ('approvals', 'outcomes', 'alarms')),
  primary key (tenant_id, user_id, kind)
);

-- Which people have been told of what: an event that is delivered twice is told once.
create table notices (
  tenant_id uuid not null references tenants (id),
  -- Its stream and its number there.
  event_key text not null,
  user_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, event_key, user_id)
);
create index notices_by_age on notices (at);

-- When somebody is to be reminded of an approval that is still to be decided.
create table approval_reminders (
  tenant_id uuid not null references tenants (id),
  deployment_id uuid not null,
  request_number integer not null,
  kind text not null check (kind in ('half', 'last', 'escalation', 'overdue')),
  due_at timestamptz not null,
  -- Null: it is still to come.
  done_at timestamptz,
  primary key (tenant_id, deployment_id, request_number, kind)
);
create index approval_reminders_due on approval_reminders (due_at) where done_at is null;

do $$
declare
  name text;
begin
  foreach name in array array['subscriptions', 'muted_notices', 'notices', 'approval_reminders'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to tidegate_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      name);
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)',
      name);
    execute format('grant select, insert, update, delete on %I to tidegate_backfill', name);
  end loop;
end $$;
-- The look for what is due, and the purge of what is old.
create policy system on notices to tidegate_system using (true) with check (true);
create policy system on approval_reminders to tidegate_system using (true) with check (true);

grant select, insert, update, delete on subscriptions to tidegate_app;
grant select, insert, delete on muted_notices to tidegate_app;
grant select, insert on notices to tidegate_app;
grant select (tenant_id, event_key, user_id, at), delete on notices to tidegate_system;
grant select, insert on approval_reminders to tidegate_app;
grant update (done_at) on approval_reminders to tidegate_app;
grant select, delete on approval_reminders to tidegate_system;
