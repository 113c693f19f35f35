-- Who acted for whom, from where, in which trace, about which release and deployment. `salts_text` says
-- what of an entry is personal: its hash only commits to that. Format 1 is what was written before there
-- was a log to stand in; processes of the version before go on writing it until they are gone.
alter table audit_entries
  add column format_version smallint not null default 1 check (format_version in (1, 2)),
  add column actor_kind text check (actor_kind in
    ('user', 'access-key', 'workload', 'directory', 'node', 'system')),
  add column actor_id text,
  add column acting_for uuid,
  add column source_address text,
  add column user_agent text check (length(user_agent) <= 500),
  add column trace_id text,
  add column release_id uuid,
  add column deployment_id uuid,
  add column salts_text text;
alter table audit_pending add column leaf_hash bytea check (length(leaf_hash) = 32);
comment on column audit_pending.leaf_hash is 'Null: of format 1; the sealer finds it out.';
create index audit_pending_unhashed on audit_pending (tenant_id, entry_id) where leaf_hash is null;

-- What was written until now, as it is to be asked for and hashed from here on.
set local role tidegate_backfill;
update audit_entries e set
  category = case
    when category = 'deployments' and action like 'rollback-%' then 'rollback'
    when category = 'deployments' then 'deployment'
    when category = 'approvals' then 'approval'
    when category = 'releases' and subject_kind = 'configuration' then 'configuration'
    when category = 'releases' then 'release'
    when category = 'fleet' and subject_kind = 'node' then 'node'
    when category = 'fleet' then 'configuration'
    when category = 'tenancy' and subject_kind in ('role', 'role-binding', 'group') then 'authorization'
    when category = 'tenancy' and subject_kind in ('tenant', 'tier') then 'tenant'
    when category = 'tenancy' then 'access'
    else category end,
  actor_kind = case
    when actor like 'system:%' or actor = 'anonymous' then 'system'
    when actor like 'node:%' then 'node'
    when actor like 'key:%' then 'access-key'
    when actor like 'ci:%' then 'workload'
    when actor like 'directory:%' then 'directory'
    else 'user' end,
  deployment_id = case when subject_kind = 'deployment' and subject_id ~ '^[0-9a-f-]{36}$'
    then subject_id::uuid end,
  release_id = case when subject_kind = 'release' and subject_id ~ '^[0-9a-f-]{36}$'
    then subject_id::uuid end,
  salts_text = coalesce((
    select jsonb_object_agg(p.pointer,
      left(encode(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'hex'), 32))
    from (
      select '/actor/name' as pointer
      where e.actor not like 'system:%' and e.actor not like 'node:%' and e.actor not like 'ci:%'
        and e.actor <> 'anonymous'
      union all select '/subject/id' where e.subject_kind in ('user', 'address')
        and e.subject_id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      union all select '/body/' || key from jsonb_each(e.body_text::jsonb) as member (key, value)
        where value <> 'null' and key in ('address', 'by', 'displayName', 'email', 'emails',
          'externalUserName', 'familyName', 'formattedName', 'givenName', 'invitedBy', 'person',
          'personName', 'requestedBy', 'userAgent', 'userName', 'username', 'usernames')
    ) p), '{}')::text;
reset role;

alter table audit_entries
  alter column salts_text set default format('{"/actor/name":"%s"}',
    left(encode(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 'hex'), 32)),
  alter column salts_text set not null;

-- Pages, newest first, of what people ask for.
create index audit_entries_by_category on audit_entries (tenant_id, category, at, id);
create index audit_entries_by_action on audit_entries (tenant_id, action, at, id);
create index audit_entries_by_actor on audit_entries (tenant_id, actor, at, id);
create index audit_entries_by_subject on audit_entries (tenant_id, subject_id, at, id);
create index audit_entries_by_deployment on audit_entries (tenant_id, deployment_id, at, id)
  where deployment_id is not null;
create index audit_entries_by_trace on audit_entries (tenant_id, trace_id, at, id)
  where trace_id is not null;

-- The application has no right to change an entry, and its owner is told that it may not be. Only the
-- purge of a tenant whose time is over takes its entries away.
create function tidegate_append_only() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' and current_user = 'tidegate_backfill' and exists (
    select 1 from public.tenants
    where id = old.tenant_id and status = 'deleting' and purge_began_at is not null) then
    return old;
  end if;
  raise exception '% is append-only: what is in the audit log stays as it is', tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on audit_entries
  for each row execute function tidegate_append_only();
create trigger never_emptied before truncate on audit_entries
  for each statement execute function tidegate_append_only();
revoke update on audit_entries from tidegate_backfill;

-- As it was, and a partition of entries may not be emptied either: that trigger is not inherited.
create or replace function tidegate_ensure_partitions(reference timestamptz default clock_timestamp())
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
        if spec.parent = 'audit_entries' then
          execute format('create trigger never_emptied before truncate on public.%I
            for each statement execute function public.tidegate_append_only()', partition_name);
        end if;
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
do $$
declare
  child regclass;
begin
  for child in select inhrelid::regclass from pg_inherits where inhparent = 'audit_entries'::regclass
  loop
    execute format('create trigger never_emptied before truncate on %s
      for each statement execute function tidegate_append_only()', child);
  end loop;
end $$;
