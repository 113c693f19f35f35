-- How much of a quota a tenant has used. Only of what is limited: who has no limit never writes here.
create table quota_counters (
  tenant_id uuid not null references tenants (id),
  quota text not null,
  -- The month (UTC) for which it was counted: `2026-11`. In another one it is counted anew.
  period text not null check (period ~ '^[0-9]{4}-[0-9]{2}$'),
  used bigint not null check (used >= 0),
  -- What it was counted under. With other entitlements it is counted anew.
  max_use bigint not null check (max_use >= 0),
  entitlement text not null,
  -- The share in per cent that was warned of in this period and under this limit.
  warned integer not null default 0 check (warned in (0, 80, 90, 100)),
  counted_at timestamptz not null,
  primary key (tenant_id, quota)
);
create index quota_counters_by_age on quota_counters (counted_at);

alter table quota_counters enable row level security;
alter table quota_counters force row level security;
create policy tenant on quota_counters to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy system on quota_counters to tidegate_system using (true) with check (true);
create policy backfill on quota_counters to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on quota_counters to tidegate_backfill;
grant select, insert, update, delete on quota_counters to tidegate_app;
-- Whose turn it is to be counted anew is asked for all tenants at once.
grant select (tenant_id, counted_at) on quota_counters to tidegate_system;
