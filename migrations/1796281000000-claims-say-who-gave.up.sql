-- What a rule of a provider has given says which provider it was, and goes with it.
alter table role_bindings add column provider_id uuid;
alter table role_bindings add constraint role_bindings_provider_fkey
  foreign key (tenant_id, provider_id) references identity_providers (tenant_id, id);
alter table role_bindings add constraint role_bindings_provider_gives_by_claim
  check (provider_id is null or source = 'claim');
create index role_bindings_by_provider on role_bindings (tenant_id, provider_id)
  where provider_id is not null;

alter table group_members add column provider_id uuid;
alter table group_members add constraint group_members_provider_fkey
  foreign key (tenant_id, provider_id) references identity_providers (tenant_id, id);
alter table group_members add constraint group_members_provider_gives_by_claim
  check (provider_id is null or source = 'claim');
create index group_members_by_provider on group_members (tenant_id, provider_id)
  where provider_id is not null;
