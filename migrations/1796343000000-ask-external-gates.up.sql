-- Systems outside that approval policies ask, and what was asked of them.
create table external_gates (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  name_key text not null,
  url text not null,
  deadline_minutes integer not null check (deadline_minutes between 1 and 10080),
  sealed_secret text not null,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, id),
  unique (tenant_id, name_key)
);
-- Whoever answers names a gate and no tenant.
create unique index external_gates_by_id on external_gates (id);

-- A policy asks one that there is.
alter table approval_policies add foreign key (tenant_id, external_gate_id)
  references external_gates (tenant_id, id);

create table external_gate_calls (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  -- No reference: what was asked of a gate outlives it.
  gate_id uuid not null,
  gate_name text not null,
  deployment_id uuid not null,
  request_number integer not null,
  -- The names of the policies that want its answer.
  rules text[] not null,
  subject_digest text not null,
  nonce text not null check (length(nonce) = 43),
  body_text text not null check (octet_length(body_text) <= 65536),
  deadline_at timestamptz not null,
  wake_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz,
  fence integer not null default 0,
  attempts integer not null default 0,
  last_outcome text,
  delivered_at timestamptz,
  "end" text check ("end" in ('approved', 'rejected', 'expired', 'dropped')),
  ended_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, nonce),
  unique (tenant_id, deployment_id, request_number, gate_id),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id),
  check (("end" is null) = (ended_at is null))
);
create index external_gate_calls_due on external_gate_calls (wake_at) where ended_at is null;

alter table external_gates enable row level security;
alter table external_gates force row level security;
create policy tenant on external_gates to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on external_gates for select to tidegate_system using (true);
create policy backfill on external_gates to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on external_gates to tidegate_backfill;
grant select, insert, update, delete on external_gates to tidegate_app;
-- Whose secret has signed an answer is asked before there is a tenant.
grant select (tenant_id, id, sealed_secret) on external_gates to tidegate_system;

alter table external_gate_calls enable row level security;
alter table external_gate_calls force row level security;
create policy tenant on external_gate_calls to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on external_gate_calls to tidegate_system using (true) with check (true);
create policy backfill on external_gate_calls to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on external_gate_calls to tidegate_backfill;
grant select, insert, update on external_gate_calls to tidegate_app;
-- Which are due is asked for all tenants at once.
grant select (tenant_id, id, wake_at, lease_until, ended_at, fence) on external_gate_calls
  to tidegate_system;
grant update (lease_until, fence) on external_gate_calls to tidegate_system;
