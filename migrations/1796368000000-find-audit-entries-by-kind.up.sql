-- An entry's kind is its category, action and outcome: a tenant has some dozens of them. With each kind's newest
-- entries side by side in the index, a page of any combination is found without reading what it does not show,
-- also where there is nothing to be found. What is not allowed is rare, and so is its index.
create index audit_entries_by_kind on audit_entries (tenant_id, category, action, result, at, id);
create index audit_entries_by_actor_kind
  on audit_entries (tenant_id, actor, category, action, result, at, id);
create index audit_entries_by_refusal on audit_entries (tenant_id, result, at, id)
  where result <> 'allowed';
create index audit_entries_by_release on audit_entries (tenant_id, release_id, at, id)
  where release_id is not null;
drop index audit_entries_by_category;
drop index audit_entries_by_action;
drop index audit_entries_by_actor;
