alter table role_bindings drop column provider_id;
alter table group_members drop column provider_id;
