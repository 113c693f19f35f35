revoke insert, update (provisioned_at) on tenants from tidegate_app;
grant insert (id, slug, name, status, tier, quota_overrides, creation_key, creation_digest)
  on tenants to tidegate_app;
alter table tenants alter column provisioned_at drop default;
drop function tidegate_purge_tenant(uuid, integer);
drop function tidegate_cut_off_tenant(uuid);
drop table tenant_looks;
drop table tenant_resources;
drop table tenant_tasks;
