revoke update (leaf_hash) on audit_pending from tidegate_app;
drop table audit_trees, audit_leaves, audit_subtrees, audit_checkpoints, audit_anchors;
create table audit_chain (
  tenant_id uuid not null,
  seq bigint not null,
  entry_id uuid not null,
  leaf_hash text not null,
  prev_hash text not null,
  hash text not null,
  primary key (tenant_id, seq)
);
alter table audit_chain enable row level security;
alter table audit_chain force row level security;
create policy tenant on audit_chain to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on audit_chain to tidegate_system using (true) with check (true);
create policy backfill on audit_chain to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on audit_chain to tidegate_backfill;
grant select on audit_chain to tidegate_app;
grant select, insert on audit_chain to tidegate_system;
