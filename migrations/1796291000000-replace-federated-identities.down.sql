revoke update (description, rules, permissions, modules, environments, version, rules_version)
  on federated_identities from tidegate_app;
alter table federated_identities drop column rules_version;
alter table federated_identities drop column version;
