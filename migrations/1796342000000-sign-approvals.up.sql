-- What the passkeys of people were asked to sign: good once, for minutes, and for one decision alone.
create table approval_challenges (
  tenant_id uuid not null references tenants (id),
  -- base64url of the sha-256 of what is signed.
  challenge text not null check (length(challenge) = 43),
  deployment_id uuid not null,
  person_id uuid not null,
  -- Canonical JSON.
  signed text not null check (octet_length(signed) <= 16384),
  expires_at timestamptz not null,
  answered_at timestamptz,
  primary key (tenant_id, challenge),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id)
);
create index approval_challenges_by_age on approval_challenges (tenant_id, expires_at);
create index approval_challenges_of_person on approval_challenges (tenant_id, person_id, expires_at);

alter table approval_challenges enable row level security;
alter table approval_challenges force row level security;
create policy tenant on approval_challenges to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy backfill on approval_challenges to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on approval_challenges to tidegate_backfill;
grant select, insert, delete on approval_challenges to tidegate_app;
grant update (answered_at) on approval_challenges to tidegate_app;
