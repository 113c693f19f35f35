-- What is done to a tenant in steps, over crashes: it gets something of its own on other servers, and at
-- the end of its life all that it has is taken away. One at a time for each tenant.
create table tenant_tasks (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  kind text not null check (kind in ('provision', 'purge')),
  -- Their kinds, in the order in which they are done; of `reached` of them something may be there, `done`
  -- have succeeded. Undoing goes down from `reached`.
  steps text[] not null,
  reached integer not null default 0,
  done integer not null default 0,
  is_going_back boolean not null default false,
  -- Of the present step.
  failures integer not null default 0,
  reason text,
  -- For people: the last of what happened to it.
  journal jsonb not null default '[]',
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  wake_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz,
  fence bigint not null default 0,
  outcome text check (outcome in ('succeeded', 'undone')),
  finished_at timestamptz,
  primary key (tenant_id, id),
  check (done >= 0 and done <= reached and reached <= cardinality(steps) or is_going_back),
  check ((outcome is null) = (finished_at is null))
);
create unique index tenant_tasks_open on tenant_tasks (tenant_id) where finished_at is null;
create index tenant_tasks_due on tenant_tasks (wake_at) where finished_at is null;

-- What a tenant has of its own on servers that are not the platform's.
create table tenant_resources (
  tenant_id uuid not null references tenants (id),
  kind text not null check (kind in ('postgres', 'redis')),
  -- Of the role, or of the user, there.
  name text not null,
  -- What that server keeps of the password; it does not let anybody in.
  verifier text not null,
  -- The password, until somebody has been shown it.
  sealed text,
  shown_at timestamptz,
  rotated_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, kind)
);

-- How often a platform admin has looked into a tenant: the audit log has one entry for many looks.
create table tenant_looks (
  tenant_id uuid not null references tenants (id),
  person_id uuid not null,
  kind text not null check (length(kind) <= 80),
  person_name text not null,
  -- Of the looks that the next entry is about.
  began_at timestamptz not null,
  -- In the last entry, and since then.
  told integer not null,
  untold integer not null,
  primary key (tenant_id, person_id, kind)
);
create index tenant_looks_by_age on tenant_looks (began_at);

-- Since when it has all that it is to have; null: not yet. Whoever was there before it was asked for has it.
alter table tenants alter column provisioned_at set default clock_timestamp();
set local role tidegate_backfill;
update tenants set provisioned_at = created_at where provisioned_at is null;
reset role;

do $$
declare
  name text;
begin
  foreach name in array array['tenant_tasks', 'tenant_resources', 'tenant_looks'] loop
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
  end loop;
end $$;
-- Begun with what has been decided about the tenant, in its own transaction.
grant insert (tenant_id, id, kind, steps, created_by), select on tenant_tasks to tidegate_app;
grant select, insert, update, delete on tenant_tasks to tidegate_system;
-- Nothing of the application reads a secret of another server.
grant select, insert, update, delete on tenant_resources to tidegate_system;
grant select, insert, update on tenant_looks to tidegate_app;
-- What provisioning says when it is done, with its audit entry. An insert names all columns.
grant insert, update (provisioned_at) on tenants to tidegate_app;
grant select, delete on tenant_looks to tidegate_system;

-- Takes some rows of a tenant away, of whatever tables there are, those first that name others. Answers
-- how many; fewer than asked for: nothing is left. Only of a tenant whose time is over. As the role that
-- may rewrite the rows of all tenants, because the application may not delete what is append-only.
create function tidegate_purge_tenant(tenant uuid, most integer) returns integer
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  remaining regclass[];
  next regclass;
  newest_first text;
  total integer := 0;
  gone integer;
begin
  if most < 1 or not exists (select 1 from public.tenants
    where id = tenant and status = 'deleting' and purge_began_at is not null) then
    raise exception 'this tenant is not to be purged';
  end if;
  remaining := array(
    select c.oid::regclass from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and not c.relispartition and c.relname <> 'tenant_tasks'
    order by c.relname);
  while cardinality(remaining) > 0 loop
    select t into next from unnest(remaining) t
    where not exists (select 1 from pg_constraint k
      where k.contype = 'f' and k.confrelid = t and k.conrelid <> t and k.conrelid = any (remaining))
    order by t::text limit 1;
    if next is null then
      raise exception 'tables name each other in a circle: %', remaining;
    end if;
    -- A row that names another one of its own table came after it.
    select case when count(*) > 0 then 'order by id desc' else '' end into newest_first
    from pg_constraint k where k.contype = 'f' and k.conrelid = next and k.confrelid = next;
    execute format(
      'delete from %1$s where tenant_id = $1 and (tableoid, ctid) in (
         select tableoid, ctid from %1$s where tenant_id = $1 %2$s limit $2)', next, newest_first)
      using tenant, most - total;
    get diagnostics gone = row_count;
    total := total + gone;
    if total >= most then
      return total;
    end if;
    remaining := array_remove(remaining, next);
  end loop;
  return total;
end $$;

-- From here on no node and no worker acts for the tenant.
create function tidegate_cut_off_tenant(tenant uuid) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not exists (select 1 from public.tenants
    where id = tenant and status = 'deleting' and purge_began_at is not null) then
    raise exception 'this tenant is not to be purged';
  end if;
  update public.nodes set revoked_at = coalesce(revoked_at, clock_timestamp()) where tenant_id = tenant;
  delete from public.credentials where tenant_id = tenant;
  delete from public.runs where tenant_id = tenant;
end $$;

-- A new owner must be able to make it where it is; once it is, nobody needs that.
grant create on schema public to tidegate_backfill;
alter function tidegate_purge_tenant(uuid, integer) owner to tidegate_backfill;
alter function tidegate_cut_off_tenant(uuid) owner to tidegate_backfill;
revoke create on schema public from tidegate_backfill;
set local role tidegate_backfill;
revoke all on function tidegate_purge_tenant(uuid, integer) from public;
revoke all on function tidegate_cut_off_tenant(uuid) from public;
grant execute on function tidegate_purge_tenant(uuid, integer) to tidegate_system;
grant execute on function tidegate_cut_off_tenant(uuid) to tidegate_system;
reset role;
