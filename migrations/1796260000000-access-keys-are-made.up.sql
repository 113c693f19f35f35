-- What machines show instead of a session. Only a hash of it is kept; it is found by that before a tenant
-- is known. What it may do is cut down to what its owner may do at each use, so nothing here gives power.
create table access_keys (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  -- SHA-256 of the whole text.
  hash text not null,
  -- The first characters of its random part, to know it again.
  prefix text not null,
  name text not null,
  owner_kind text not null check (owner_kind in ('user', 'service-account')),
  owner_id uuid not null,
  -- Who made it, by id and as they were called then. Of a person's key, its owner.
  maker_id uuid not null references users (id),
  created_by text not null,
  -- A set by its name, or a list of permissions.
  permission_set text check (permission_set in ('read-only', 'operate', 'deploy', 'admin')),
  permissions text[],
  -- Names of modules and environments; null: of all.
  modules text[],
  environments text[],
  metadata jsonb not null default '{}',
  -- Empty: from everywhere.
  allowed_networks text[] not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  -- The key that this one takes the place of.
  rotated_from uuid,
  -- Written at most once a minute.
  last_used_at timestamptz,
  last_used_network text,
  last_refused_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, rotated_from),
  check ((permission_set is null) <> (permissions is null))
);
create unique index access_keys_by_hash on access_keys (hash);
create index access_keys_by_owner on access_keys (tenant_id, owner_kind, owner_id);

alter table access_keys enable row level security;
alter table access_keys force row level security;
create policy tenant on access_keys to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on access_keys to tidegate_system using (true) with check (true);
create policy backfill on access_keys to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on access_keys to tidegate_backfill;
grant select, insert, delete on access_keys to tidegate_app;
-- What a key may do, and whose it is, never changes.
grant update (expires_at, revoked_at, last_used_at, last_used_network, last_refused_at)
  on access_keys to tidegate_app;
grant select on access_keys to tidegate_system;
