-- A tenant's life: made (and, where it gets something of its own on other servers, provisioned), suspended
-- and activated, deleted with a time in which it comes back, and at last purged. What is left is its row,
-- so that nobody ever gets its slug. What a tenant may use is told by its tier, which is data.

-- Of the platform, not of a tenant. Quotas by name; null: no limit. What is not named has none either.
create table tiers (
  id text primary key check (id ~ '^[a-z][a-z0-9-]{0,39}$'),
  name text not null unique,
  quotas jsonb not null,
  -- What rate limits are multiplied by.
  rate_multiplier double precision not null default 1
    check (rate_multiplier > 0 and rate_multiplier <= 1000),
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp()
);

insert into tiers (id, name, quotas, rate_multiplier) values
  ('free', 'Free', '{"deploymentsPerMonth": 10, "deploymentsInFlight": 1, "modules": 5, "nodes": 5,
    "clusters": 6, "members": 5, "keys": 5, "storageBytes": 1000000000, "bandwidthBytes": 10000000000,
    "websites": 1}', 1),
  ('starter', 'Starter', '{"deploymentsPerMonth": 100, "deploymentsInFlight": 5, "modules": 25,
    "nodes": 25, "clusters": 10, "members": 15, "keys": 25, "storageBytes": 10000000000,
    "bandwidthBytes": 100000000000, "websites": 5}', 1),
  ('professional', 'Professional', '{"deploymentsPerMonth": 1000, "deploymentsInFlight": 25,
    "modules": 200, "nodes": 250, "clusters": 25, "members": 100, "keys": 200,
    "storageBytes": 100000000000, "bandwidthBytes": 1000000000000, "websites": 25}', 2),
  ('enterprise', 'Enterprise', '{"deploymentsPerMonth": null, "deploymentsInFlight": 200,
    "modules": 2000, "nodes": 5000, "clusters": 250, "members": 2000, "keys": 2000,
    "storageBytes": 1000000000000, "bandwidthBytes": 10000000000000, "websites": 100}', 5),
  ('custom', 'Custom', '{"deploymentsPerMonth": null, "deploymentsInFlight": null, "modules": null,
    "nodes": null, "clusters": null, "members": null, "keys": null, "storageBytes": null,
    "bandwidthBytes": null, "websites": null}', 1);

alter table tenants drop constraint tenants_status_check;
alter table tenants add constraint tenants_status_check
  check (status in ('provisioning', 'active', 'suspended', 'deleting', 'deleted'));
alter table tenants
  alter column tier set default 'custom',
  -- In place of the tier's, by the same names.
  add column quota_overrides jsonb not null default '{}',
  add column version integer not null default 1,
  -- When anything of the row was last written: copies of the table in processes follow it.
  add column changed_at timestamptz not null default clock_timestamp(),
  add column provisioned_at timestamptz,
  add column suspended_at timestamptz,
  add column suspended_reason text,
  add column deleted_at timestamptz,
  add column restorable_until timestamptz,
  -- From then on it does not come back.
  add column purge_began_at timestamptz,
  add column purged_at timestamptz,
  -- Who has made it with which Idempotency-Key, as a digest, and what was asked for with it.
  add column creation_key text unique,
  add column creation_digest text;

-- Everybody there is was made without limits, and keeps none.
set local role tidegate_backfill;
update tenants set tier = 'custom';
update tenants set deleted_at = clock_timestamp(), purge_began_at = clock_timestamp() where status = 'deleted';
reset role;

alter table tenants add constraint tenants_tier_fkey foreign key (tier) references tiers (id);
create index tenants_by_change on tenants (changed_at);
create index tenants_by_tier on tenants (tier);

-- Whoever writes the row, by whatever statement: the copies must not miss it.
create function tidegate_note_tenant_change() returns trigger language plpgsql as $$
begin
  new.changed_at := clock_timestamp();
  return new;
end $$;
create trigger tenants_changed before update on tenants
  for each row execute function tidegate_note_tenant_change();

grant select on tiers to tidegate_app, tidegate_system;
grant insert, update, delete on tiers to tidegate_system;
grant select, insert, update, delete on tiers to tidegate_backfill;
-- What is decided about a tenant is written with its audit entry, in that tenant's own transaction.
grant insert (id, slug, name, status, tier, quota_overrides, creation_key, creation_digest)
  on tenants to tidegate_app;
grant update (name, status, tier, quota_overrides, version, suspended_at, suspended_reason, deleted_at,
  restorable_until) on tenants to tidegate_app;
