-- Pipelines come with a token of their own issuer instead of a secret of ours: which of them are let in,
-- and what they may do.
create table federated_identities (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  description text not null default '',
  issuer_kind text not null check (issuer_kind in ('github', 'gitlab', 'generic')),
  -- Exactly as `iss` and `aud` say it.
  issuer text not null,
  audience text not null,
  -- A list of rules, each with its clauses; a token that meets one of them is let in.
  rules jsonb not null,
  permissions text[] not null,
  -- Names of modules and environments; null: of all.
  modules text[],
  environments text[],
  created_by text not null,
  disabled_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name)
);
create index federated_identities_by_issuer on federated_identities (tenant_id, issuer, id);

-- Tokens that were exchanged, so that each is good once; kept until it would be over anyway.
create table used_subject_tokens (
  tenant_id uuid not null references tenants (id),
  token_hash text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, token_hash)
);
create index used_subject_tokens_by_expiry on used_subject_tokens (tenant_id, expires_at);

do $$
declare
  name text;
begin
  foreach name in array array['federated_identities', 'used_subject_tokens']
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
grant update (disabled_at, last_used_at) on federated_identities to tidegate_app;
-- Whether a token's identity is still good is asked before its tenant is known to be.
grant select on federated_identities to tidegate_system;
