-- What people show beside a password, or instead of it. Theirs alone, in no tenant's view: only the
-- system's role sees it.
create table user_factors (
  user_id uuid not null references users (id),
  id uuid not null,
  kind text not null check (kind in ('totp', 'passkey', 'recovery')),
  name text not null default '',
  -- Of an authenticator app: sealed for this row, and the last step whose code was accepted.
  sealed_secret text,
  last_step bigint,
  -- Of a passkey.
  credential_id text unique,
  public_key bytea,
  counter bigint,
  transports text[],
  -- Of a recovery code: it is deleted when it is used.
  code_digest text,
  created_at timestamptz not null,
  -- Null: it has yet to be shown for the first time, and counts for nothing.
  confirmed_at timestamptz,
  last_used_at timestamptz,
  primary key (user_id, id),
  unique (user_id, code_digest),
  check (case kind
    when 'totp' then sealed_secret is not null
    when 'passkey' then credential_id is not null and public_key is not null and counter is not null
    else code_digest is not null end)
);

-- A challenge says itself until when it is good, and for what; kept is only that it was answered.
create table answered_challenges (
  digest text primary key,
  expires_at timestamptz not null
);
create index answered_challenges_by_age on answered_challenges (expires_at);

grant select, insert, update, delete on user_factors, answered_challenges to tidegate_system;

-- What a tenant demands of whoever works in it. Without a row the defaults of the installation count.
create table tenant_security (
  tenant_id uuid primary key references tenants (id),
  mfa_required_roles text[] not null default '{}' check (mfa_required_roles
    <@ array['Viewer', 'Operator', 'Deployer', 'Admin', 'PlatformAdmin']),
  -- As kernel/networks writes them; empty: from everywhere. As many as limits.allowedNetworks.
  allowed_networks text[] not null default '{}' check (cardinality(allowed_networks) <= 64),
  version integer not null default 1
);
alter table tenant_security enable row level security;
alter table tenant_security force row level security;
create policy tenant on tenant_security to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on tenant_security to tidegate_system using (true) with check (true);
create policy backfill on tenant_security to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on tenant_security to tidegate_backfill;
grant select, insert, update on tenant_security to tidegate_app;
grant select on tenant_security to tidegate_system;
