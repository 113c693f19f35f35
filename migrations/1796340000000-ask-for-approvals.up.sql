-- The person behind whoever asked for a deployment: a key counts as its maker. Null: no person, or asked for
-- before this was kept.
alter table deployments add column requested_by_person uuid;

-- What people are asked to decide before a deployment starts. Asked anew (the next number) when the subject
-- has changed; the last one counts.
create table approval_requests (
  tenant_id uuid not null,
  deployment_id uuid not null,
  number integer not null check (number > 0),
  environment_id uuid not null,
  cluster_id uuid not null,
  module_id uuid not null,
  subject_digest text not null,
  -- The rules that are to be met, each on its own, as the subject has them.
  rules jsonb not null,
  status text not null check (status in ('open', 'granted', 'rejected', 'expired', 'replaced',
    'cancelled', 'void')),
  requested_by text not null,
  requested_by_person uuid,
  asked_at timestamptz not null default clock_timestamp(),
  deadline_at timestamptz not null,
  ended_at timestamptz,
  -- Who has ended it: a person's name, or `system:…`.
  ended_by text,
  reason text,
  primary key (tenant_id, deployment_id, number),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id),
  foreign key (tenant_id, environment_id) references environments (tenant_id, id),
  foreign key (tenant_id, cluster_id) references clusters (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id)
);
create unique index approval_requests_present on approval_requests (tenant_id, deployment_id)
  where status in ('open', 'granted');
create index approval_requests_pending on approval_requests (tenant_id, deployment_id desc)
  where status = 'open';
create index approval_requests_of_environment on approval_requests (tenant_id, environment_id)
  where status in ('open', 'granted');
create index approval_requests_by_age on approval_requests (asked_at) where status = 'open';

-- What somebody has said about a request. Nothing is deleted: what counts no more is voided.
create table approval_decisions (
  tenant_id uuid not null,
  deployment_id uuid not null,
  id uuid not null,
  request_number integer not null,
  -- Null: no person has decided, but an external gate.
  person_id uuid,
  gate_id uuid,
  actor text not null,
  verb text not null check (verb in ('approve', 'reject', 'comment', 'withdraw')),
  subject_digest text not null,
  comment text,
  at timestamptz not null default clock_timestamp(),
  -- What proves it beyond the session, by rule.
  evidence jsonb,
  voided_at timestamptz,
  void_reason text,
  primary key (tenant_id, deployment_id, id),
  foreign key (tenant_id, deployment_id, request_number)
    references approval_requests (tenant_id, deployment_id, number),
  check (verb not in ('approve', 'reject') or person_id is not null or gate_id is not null)
);
-- Who has decided has decided, however often they ask.
create unique index approval_decisions_once on approval_decisions
  (tenant_id, deployment_id, request_number, coalesce(person_id, gate_id))
  where verb in ('approve', 'reject') and voided_at is null;
create index approval_decisions_of_person on approval_decisions (tenant_id, person_id, at desc);

alter table approval_requests enable row level security;
alter table approval_requests force row level security;
create policy tenant on approval_requests to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on approval_requests for select to tidegate_system using (true);
create policy backfill on approval_requests to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on approval_requests to tidegate_backfill;
grant select, insert, update on approval_requests to tidegate_app;
-- How long the oldest one waits, over all tenants.
grant select (tenant_id, status, asked_at) on approval_requests to tidegate_system;

alter table approval_decisions enable row level security;
alter table approval_decisions force row level security;
create policy tenant on approval_decisions to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy backfill on approval_decisions to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on approval_decisions to tidegate_backfill;
grant select, insert, update on approval_decisions to tidegate_app;
