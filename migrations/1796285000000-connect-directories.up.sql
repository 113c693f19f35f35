-- What a tenant's directory (Entra ID, Okta) shows when it speaks SCIM. Only a hash of it is kept; it is
-- found by that before a tenant is known, and is good for nothing else.
create table directory_tokens (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  -- SHA-256 of the whole text.
  hash text not null,
  -- The first characters of its random part, to know it again.
  prefix text not null,
  name text not null,
  -- Who made it, by id and as they were called then.
  maker_id uuid not null references users (id),
  created_by text not null,
  -- Empty: from where the tenant lets people in.
  allowed_networks text[] not null default '{}',
  -- Invitations go to addresses of these domains only; empty: to all.
  email_domains text[] not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  -- The token that this one takes the place of.
  rotated_from uuid,
  -- Written at most once a minute.
  last_used_at timestamptz,
  last_used_network text,
  last_refused_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, rotated_from)
);
create unique index directory_tokens_by_hash on directory_tokens (hash);

-- Whom the directory has told us of. It is no account: those are the people's own. The person comes by an
-- invitation, and user_id says who came.
create table directory_users (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_name text not null,
  user_name_key text not null,
  -- The directory's own name for it.
  external_id text,
  display_name text,
  given_name text,
  family_name text,
  formatted_name text,
  emails jsonb not null default '[]',
  -- Of these, where the invitation goes.
  email text,
  is_active boolean not null,
  -- Null: nobody has come yet.
  user_id uuid references users (id),
  -- Null: they have not been invited.
  invited_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, user_name_key),
  unique (tenant_id, user_id)
);
create index directory_users_by_external_id on directory_users (tenant_id, external_id);

-- Who is in a group of the directory, also those who have not come yet; group_members are those who have.
create table directory_group_members (
  tenant_id uuid not null,
  group_id uuid not null,
  directory_user_id uuid not null,
  primary key (tenant_id, group_id, directory_user_id),
  foreign key (tenant_id, group_id) references groups (tenant_id, id),
  foreign key (tenant_id, directory_user_id) references directory_users (tenant_id, id)
);
create index directory_group_members_by_user
  on directory_group_members (tenant_id, directory_user_id);

do $$
declare
  name text;
begin
  foreach name in array array['directory_tokens', 'directory_users', 'directory_group_members']
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
  end loop;
end $$;
-- What a token is for never changes.
grant update (expires_at, revoked_at, last_used_at, last_used_network, last_refused_at)
  on directory_tokens to tidegate_app;
grant update on directory_users to tidegate_app;
grant select on directory_tokens to tidegate_system;
-- Whoever accepts the directory's invitation lets it keep the membership that they have.
grant update (source) on memberships to tidegate_app;
