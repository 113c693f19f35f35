alter table memberships drop column source;
alter table memberships drop constraint memberships_pkey;
alter table memberships add column role text
  check (role in ('Viewer', 'Deployer', 'Admin', 'PlatformAdmin'));

-- The version before knows four roles, given to people everywhere; what it does not know is lost, and
-- who has none of the four left belongs to no tenant. Without a password nobody signs in there; the
-- text is no hash of anything.
set local role tidegate_backfill;
insert into memberships (tenant_id, user_id, role, created_at)
select distinct on (tenant_id, subject_id, built_in_role)
  tenant_id, subject_id, built_in_role, created_at
from role_bindings
where subject_kind = 'user' and built_in_role <> 'Operator' and modules is null
  and environments is null;
delete from memberships where role is null;
update users set password_hash = '-' where password_hash is null;
reset role;

alter table memberships alter column role set not null;
alter table memberships add primary key (tenant_id, user_id, role);
revoke insert, delete on memberships from tidegate_app;

drop table role_bindings, service_accounts, roles, group_members, groups;

drop policy tenant on users;
drop policy system on users;
drop policy backfill on users;
alter table users disable row level security;
alter table users no force row level security;
revoke select (email, display_name, created_at) on users from tidegate_app;
revoke all on users from tidegate_backfill;
alter table users alter column password_hash set not null;
alter table users drop column display_name;
