drop trigger tenants_changed on tenants;
drop function tidegate_note_tenant_change();
drop index tenants_by_change;
drop index tenants_by_tier;
revoke insert, update on tenants from tidegate_app;
revoke insert (id, slug, name, status, tier, quota_overrides, creation_key, creation_digest)
  on tenants from tidegate_app;
revoke update (name, status, tier, quota_overrides, version, suspended_at, suspended_reason, deleted_at,
  restorable_until) on tenants from tidegate_app;
alter table tenants drop constraint tenants_tier_fkey;
alter table tenants drop constraint tenants_status_check;

set local role tidegate_backfill;
update tenants set status = 'active' where status = 'provisioning';
-- Nobody gets in, and the slug stays taken: as near as the version before comes.
update tenants set status = 'deleted' where status = 'deleting';
update tenants set tier = 'standard';
reset role;

alter table tenants add constraint tenants_status_check
  check (status in ('active', 'suspended', 'deleted'));
alter table tenants
  alter column tier set default 'standard',
  drop column quota_overrides,
  drop column version,
  drop column changed_at,
  drop column provisioned_at,
  drop column suspended_at,
  drop column suspended_reason,
  drop column deleted_at,
  drop column restorable_until,
  drop column purge_began_at,
  drop column purged_at,
  drop column creation_key,
  drop column creation_digest;
drop table tiers;
