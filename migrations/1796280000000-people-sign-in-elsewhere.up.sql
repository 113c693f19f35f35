-- People sign in where their company says: at providers that a tenant, or the platform, trusts.

create table identity_providers (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  name_key text not null,
  -- Exactly as `iss` says it.
  issuer text not null,
  client_id text not null,
  -- Sealed; null: a client without a secret.
  sealed_secret text,
  scopes text[] not null,
  claims jsonb not null,
  factor jsonb not null,
  -- Who becomes a member by signing in, and what claims give at each sign-in.
  admissions jsonb not null,
  rules jsonb not null,
  is_enabled boolean not null,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key)
);

-- What a tenant says is its own, with what it is to publish as a proof.
create table claimed_domains (
  tenant_id uuid not null,
  id uuid not null,
  provider_id uuid not null,
  domain text not null,
  token text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, domain),
  foreign key (tenant_id, provider_id) references identity_providers (tenant_id, id)
);

-- What is proved: by one tenant at a time.
create table verified_domains (
  tenant_id uuid not null,
  claim_id uuid not null,
  domain text not null unique,
  verified_at timestamptz not null,
  checked_at timestamptz not null,
  primary key (tenant_id, claim_id),
  foreign key (tenant_id, claim_id) references claimed_domains (tenant_id, id)
);

-- A person as an issuer knows them. People are global, and so is this.
create table external_identities (
  id uuid primary key,
  issuer text not null,
  subject text not null,
  user_id uuid not null references users (id),
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz not null default clock_timestamp(),
  unique (issuer, subject)
);
create index external_identities_by_user on external_identities (user_id);

-- Answers of issuers: each is taken once, and what it says waits a minute for who has asked for it.
create table sign_in_answers (
  tenant_id uuid not null references tenants (id),
  state_hash text primary key,
  code_hash text unique,
  -- What the issuer has said; gone with the use.
  answer jsonb,
  answer_until timestamptz,
  used_at timestamptz,
  expires_at timestamptz not null
);
create index sign_in_answers_by_expiry on sign_in_answers (expires_at);

do $$
declare
  name text;
begin
  foreach name in array array['identity_providers', 'claimed_domains', 'verified_domains', 'sign_in_answers']
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
  end loop;
end $$;
grant select, insert, update, delete on identity_providers to tidegate_app;
grant select, insert, delete on claimed_domains, verified_domains to tidegate_app;
grant update (checked_at) on verified_domains to tidegate_app;
-- Who signs in has no tenant yet.
grant select on identity_providers, verified_domains, claimed_domains to tidegate_system;
grant select, insert, update, delete on sign_in_answers, external_identities to tidegate_system;
grant select, insert, update, delete on external_identities to tidegate_backfill;
