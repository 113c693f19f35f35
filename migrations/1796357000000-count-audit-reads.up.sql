-- How often somebody has read a part of the audit log: it has one entry for many reads.
create table audit_reads (
  tenant_id uuid not null,
  actor_id text not null,
  part text not null check (length(part) <= 40),
  actor_kind text not null check (actor_kind in
    ('user', 'access-key', 'workload', 'directory', 'node', 'system')),
  actor_name text not null,
  person_id uuid,
  -- Of the reads that the next entry is about.
  began_at timestamptz not null,
  -- In the last entry, and since then.
  told integer not null,
  untold integer not null,
  primary key (tenant_id, actor_id, part)
);
create index audit_reads_by_age on audit_reads (began_at);

alter table audit_reads enable row level security;
alter table audit_reads force row level security;
create policy tenant on audit_reads to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on audit_reads to tidegate_system using (true) with check (true);
create policy backfill on audit_reads to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on audit_reads to tidegate_backfill;
grant select, insert, update on audit_reads to tidegate_app;
grant select, update, delete on audit_reads to tidegate_system;
