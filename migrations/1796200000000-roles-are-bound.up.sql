-- What somebody may do stands in bindings now: a role, given to a person, a group or a service account,
-- everywhere in the tenant or only for some modules and environments. A membership alone says that a
-- person belongs to the tenant.

create table groups (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  name_key text not null,
  description text not null default '',
  -- Who keeps its list of members: people here, or the directory that the tenant has connected.
  source text not null default 'manual' check (source in ('manual', 'scim')),
  -- The directory's own name for it.
  external_id text,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key)
);

create table group_members (
  tenant_id uuid not null,
  group_id uuid not null,
  user_id uuid not null references users (id),
  source text not null default 'manual' check (source in ('manual', 'claim', 'scim')),
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, group_id, user_id),
  foreign key (tenant_id, group_id) references groups (tenant_id, id)
);
create index group_members_by_user on group_members (tenant_id, user_id);

create table roles (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  name_key text not null,
  description text not null default '',
  permissions text[] not null,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key)
);

create table service_accounts (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  name_key text not null,
  description text not null default '',
  disabled_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key)
);

create table role_bindings (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  -- A built-in role by its name, or one of the tenant's own by its id.
  built_in_role text check (built_in_role in ('Viewer', 'Operator', 'Deployer', 'Admin', 'PlatformAdmin')),
  role_id uuid,
  subject_kind text not null check (subject_kind in ('user', 'group', 'service-account')),
  subject_id uuid not null,
  -- Names of modules and environments; null: of all.
  modules text[],
  environments text[],
  -- Who gave it: people here, a rule of an identity provider at sign-in, or the directory.
  source text not null default 'manual' check (source in ('manual', 'claim', 'scim')),
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  foreign key (tenant_id, role_id) references roles (tenant_id, id),
  check ((built_in_role is null) <> (role_id is null)),
  check (built_in_role <> 'PlatformAdmin' or tenant_id = '00000000-0000-7000-8000-000000000001'),
  unique nulls not distinct (tenant_id, subject_kind, subject_id, built_in_role, role_id, modules, environments)
);
create index role_bindings_by_subject on role_bindings (tenant_id, subject_kind, subject_id);
create index role_bindings_by_role on role_bindings (tenant_id, role_id) where role_id is not null;

-- Whoever signs in elsewhere has no password here.
alter table users alter column password_hash drop not null;
alter table users add column display_name text;

-- People are global, and a tenant sees its own members alone. Nothing is granted that would let the
-- application write.
alter table users enable row level security;
alter table users force row level security;
create policy tenant on users to tidegate_app
  using (exists (select 1 from memberships m where m.user_id = users.id
    and m.tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid)))
  with check (exists (select 1 from memberships m where m.user_id = users.id
    and m.tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid)));
create policy system on users to tidegate_system using (true) with check (true);
create policy backfill on users to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on users to tidegate_backfill;
grant select (email, display_name, created_at) on users to tidegate_app;

do $$
declare
  name text;
begin
  foreach name in array array['groups', 'group_members', 'roles', 'service_accounts', 'role_bindings']
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
    execute format('grant select, insert, delete on %I to tidegate_app', name);
    execute format('grant select on %I to tidegate_system', name);
  end loop;
end $$;
grant update on groups, roles, service_accounts to tidegate_app;
-- A membership and what it brings are written in one transaction, with their audit entry.
grant insert, delete on memberships to tidegate_app;
-- The first start makes the first people before anybody could.
grant insert on role_bindings to tidegate_system;

set local role tidegate_backfill;
insert into role_bindings (tenant_id, id, built_in_role, subject_kind, subject_id, created_at)
select tenant_id, gen_random_uuid(), role, 'user', user_id, created_at from memberships
where role <> 'PlatformAdmin' or tenant_id = '00000000-0000-7000-8000-000000000001';

delete from memberships m where exists (
  select 1 from memberships other
  where other.tenant_id = m.tenant_id and other.user_id = m.user_id and other.role < m.role);
-- Of sessions that are open nobody knows what was shown beside the password.
update credentials set data = data || jsonb_build_object('signIn', jsonb_build_object(
  'method', 'password', 'providerId', null, 'provedAt', null, 'hasFactor', false, 'client', null,
  'signedInAt', (extract(epoch from created_at) * 1000)::bigint))
where kind = 'refresh';
reset role;
alter table memberships drop constraint memberships_pkey;
alter table memberships drop column role;
alter table memberships add primary key (tenant_id, user_id);
alter table memberships add column source text not null default 'manual'
  check (source in ('manual', 'claim', 'scim'));
