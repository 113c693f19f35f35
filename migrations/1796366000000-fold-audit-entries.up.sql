-- How often somebody has done what has one entry for many times: sign-ins, reads, denied attempts.
-- `audit_reads` and `tenant_looks` were that for one kind each. Processes of the version before still
-- write them, so they go a release later; what they have yet to tell is told from here.
create table audit_folds (
  tenant_id uuid not null,
  actor_kind text not null check (actor_kind in
    ('user', 'access-key', 'workload', 'directory', 'node', 'system')),
  actor_id text not null,
  -- What is folded into one: the action and what it is about.
  kind text not null check (length(kind) <= 200),
  actor_name text not null,
  person_id uuid,
  category text not null,
  action text not null,
  subject_kind text not null check (length(subject_kind) <= 100),
  subject_id text not null,
  result text not null check (result in ('allowed', 'denied', 'failed')),
  body_text text not null,
  -- When the last entry was written, and when the next one may be.
  began_at timestamptz not null,
  due_at timestamptz not null,
  -- In the last entry, and since then.
  told integer not null,
  untold integer not null,
  primary key (tenant_id, actor_kind, actor_id, kind)
);
create index audit_folds_due on audit_folds (due_at);

alter table audit_folds enable row level security;
alter table audit_folds force row level security;
create policy tenant on audit_folds to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on audit_folds to tidegate_system using (true) with check (true);
create policy backfill on audit_folds to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on audit_folds to tidegate_backfill;
grant select, insert, update on audit_folds to tidegate_app;
grant select, update, delete on audit_folds to tidegate_system;

insert into audit_folds (tenant_id, actor_kind, actor_id, kind, actor_name, person_id, category, action,
  subject_kind, subject_id, result, body_text, began_at, due_at, told, untold)
select tenant_id, actor_kind, actor_id, left('audit-log-read ' || part, 200), actor_name, person_id, 'access',
  'audit-log-read', 'tenant', tenant_id::text, 'allowed', jsonb_build_object('part', part)::text, began_at,
  began_at + interval '10 min', told, untold
from audit_reads;
insert into audit_folds (tenant_id, actor_kind, actor_id, kind, actor_name, person_id, category, action,
  subject_kind, subject_id, result, body_text, began_at, due_at, told, untold)
select tenant_id, 'user', person_id::text, left('looked-as-platform-admin ' || kind, 200), person_name,
  person_id, 'tenant', 'looked-as-platform-admin', 'tenant', tenant_id::text, 'allowed',
  jsonb_build_object('kind', kind)::text, began_at, began_at + interval '10 min', 0, untold
from tenant_looks;
delete from audit_reads;
delete from tenant_looks;
