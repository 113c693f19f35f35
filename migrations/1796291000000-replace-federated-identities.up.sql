-- What an identity lets in, and what it grants, can be replaced by whoever has seen it as it is. Tokens
-- are of the rules that they met: others, and they are over.
alter table federated_identities add column version integer not null default 1;
alter table federated_identities add column rules_version integer not null default 1;
grant update (description, rules, permissions, modules, environments, version, rules_version)
  on federated_identities to tidegate_app;
