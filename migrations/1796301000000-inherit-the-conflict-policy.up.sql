-- `inherit`: what the setting deployments.on-conflict says for the tenant.
alter table environments drop constraint environments_on_conflict_check;
alter table environments add constraint environments_on_conflict_check
  check (on_conflict in ('queue', 'supersede', 'reject', 'inherit'));
