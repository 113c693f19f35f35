-- After a person's rollback: machines bring nothing of that module to that cluster until a person lets them.
create table target_holds (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  cluster_id uuid not null,
  module_id uuid not null,
  -- What was rolled back, and by what.
  deployment_id uuid not null,
  rollback_id uuid not null,
  reason text check (length(reason) <= 500),
  placed_by text not null,
  placed_at timestamptz not null default clock_timestamp(),
  released_by text,
  released_at timestamptz,
  release_reason text check (length(release_reason) between 1 and 500),
  primary key (tenant_id, id),
  foreign key (tenant_id, cluster_id) references clusters (tenant_id, id),
  foreign key (tenant_id, module_id) references modules (tenant_id, id),
  foreign key (tenant_id, deployment_id) references deployments (tenant_id, id),
  foreign key (tenant_id, rollback_id) references deployments (tenant_id, id),
  check (num_nulls(released_by, released_at, release_reason) in (0, 3))
);
create unique index target_holds_open on target_holds (tenant_id, cluster_id, module_id)
  where released_at is null;

alter table target_holds enable row level security;
alter table target_holds force row level security;
create policy tenant on target_holds to tidegate_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy backfill on target_holds to tidegate_backfill using (true) with check (true);
grant select, insert, update, delete on target_holds to tidegate_backfill;
grant select, insert on target_holds to tidegate_app;
grant update (released_by, released_at, release_reason) on target_holds to tidegate_app;
