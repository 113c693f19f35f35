-- What a tenant has asked of the API, by day (UTC), module and environment; '' where a request names
-- none. Written by all processes every few seconds, for all tenants at once.
create table usage_days (
  tenant_id uuid not null references tenants (id),
  day date not null,
  module text not null,
  environment text not null,
  requests bigint not null,
  failures bigint not null,
  sent_bytes bigint not null,
  busy_ms bigint not null,
  primary key (tenant_id, day, module, environment)
);
create index usage_days_by_day on usage_days (day);

alter table usage_days enable row level security;
alter table usage_days force row level security;
create policy tenant on usage_days to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on usage_days to tidegate_system using (true) with check (true);
create policy backfill on usage_days to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on usage_days to tidegate_backfill;
grant select on usage_days to tidegate_app;
grant select, insert, update, delete on usage_days to tidegate_system;

-- The totals of the platform: how many there were, and of whom; nothing of what they are.
create policy system on deployments for select to tidegate_system using (true);
grant select (tenant_id, created_at) on deployments to tidegate_system;
