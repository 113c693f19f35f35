-- A tenant's switch; without a row it is off. The lock under which it is read and turned is advisory.
create table kill_switches (
  tenant_id uuid not null references tenants (id),
  is_on boolean not null,
  reason text not null check (length(reason) between 1 and 500),
  changed_by text not null,
  changed_at timestamptz not null default clock_timestamp(),
  version integer not null default 1,
  primary key (tenant_id)
);

alter table kill_switches enable row level security;
alter table kill_switches force row level security;
create policy tenant on kill_switches to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy backfill on kill_switches to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on kill_switches to tidegate_backfill;
grant select, insert, update on kill_switches to tidegate_app;

-- Of the platform, for all tenants; whoever starts something reads it. One row.
create table platform_switch (
  only_one boolean primary key default true check (only_one),
  is_on boolean not null default false,
  reason text not null default 'Never turned.' check (length(reason) between 1 and 500),
  changed_by text not null default 'system:migrations',
  changed_at timestamptz not null default clock_timestamp(),
  version integer not null default 1
);
insert into platform_switch default values;
grant select on platform_switch to tidegate_app;
grant select, update on platform_switch to tidegate_system;
