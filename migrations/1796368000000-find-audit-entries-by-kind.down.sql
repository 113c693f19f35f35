create index audit_entries_by_category on audit_entries (tenant_id, category, at, id);
create index audit_entries_by_action on audit_entries (tenant_id, action, at, id);
create index audit_entries_by_actor on audit_entries (tenant_id, actor, at, id);
drop index audit_entries_by_kind;
drop index audit_entries_by_actor_kind;
drop index audit_entries_by_refusal;
drop index audit_entries_by_release;
