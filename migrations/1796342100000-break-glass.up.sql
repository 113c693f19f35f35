-- Deployments that somebody has started without the approvals that they waited for, and who has reviewed that.
create table break_glass (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  deployment_id uuid not null,
  request_number integer not null,
  subject_digest text not null,
  person_id uuid not null,
  used_by text not null,
  reason text not null check (reason <> ''),
  used_at timestamptz not null,
  review_due_at timestamptz not null,
  -- When it alarmed that nobody has reviewed it.
  overdue_at timestamptz,
  reviewer_id uuid,
  reviewed_by text,
  verdict text check (verdict in ('justified', 'unjustified')),
  comment text,
  reviewed_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, deployment_id, request_number),
  foreign key (tenant_id, deployment_id, request_number)
    references approval_requests (tenant_id, deployment_id, number),
  check ((reviewed_at is null) = (verdict is null)),
  check ((reviewed_at is null) = (reviewer_id is null)),
  -- Nobody reviews their own.
  check (reviewer_id is null or reviewer_id <> person_id)
);
create index break_glass_unreviewed on break_glass (review_due_at)
  where reviewed_at is null and overdue_at is null;

alter table break_glass enable row level security;
alter table break_glass force row level security;
create policy tenant on break_glass to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on break_glass for select to tidegate_system using (true);
create policy backfill on break_glass to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on break_glass to tidegate_backfill;
grant select, insert on break_glass to tidegate_app;
-- What was done stays; that it was reviewed, or that its time is over, is added.
grant update (overdue_at, reviewer_id, reviewed_by, verdict, comment, reviewed_at) on break_glass
  to tidegate_app;
-- Whose time is over is asked for all tenants at once.
grant select (tenant_id, id, reviewed_at, overdue_at, review_due_at) on break_glass
  to tidegate_system;
