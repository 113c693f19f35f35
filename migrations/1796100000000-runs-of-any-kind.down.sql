set local role tidegate_backfill;
delete from signals where run_kind <> 'deployment';
delete from journal where run_kind <> 'deployment';
delete from plans where run_kind <> 'deployment';
-- Nobody knows how to act on them any more.
update runs set wake_at = null where kind <> 'deployment';
reset role;

alter table signals drop column run_kind,
  add foreign key (tenant_id, deployment_id) references deployments (tenant_id, id);
alter table journal drop column run_kind,
  add foreign key (tenant_id, deployment_id) references deployments (tenant_id, id);
alter table plans drop column run_kind,
  add foreign key (tenant_id, deployment_id) references deployments (tenant_id, id);
