-- What failed instances and hooks have printed last, as their nodes have sent it. One for each generation.
create table failure_logs (
  tenant_id uuid not null,
  node_id uuid not null,
  module_id uuid not null,
  generation bigint not null,
  -- Whose rollout had told the node that generation; null: it was told another one since.
  deployment_id uuid,
  release_id uuid not null,
  source text not null,
  code text not null,
  lines text[] not null,
  is_cut boolean not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, node_id, module_id, generation),
  foreign key (tenant_id, node_id) references nodes (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id)
);
create index failure_logs_by_deployment on failure_logs (tenant_id, deployment_id);
create index failure_logs_by_age on failure_logs (at);

alter table failure_logs enable row level security;
alter table failure_logs force row level security;
create policy tenant on failure_logs to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy backfill on failure_logs to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on failure_logs to tidegate_backfill;
grant select, insert, update, delete on failure_logs to tidegate_app;
-- What is too old is removed in all tenants.
create policy system on failure_logs to tidegate_system using (true) with check (true);
grant select, delete on failure_logs to tidegate_system;
