drop function tidegate_erase_entries(uuid, jsonb);
revoke update (actor, subject_id, source_address, user_agent, body_text, salts_text)
  on audit_entries from tidegate_backfill;
drop trigger only_erased on audit_entries;
drop trigger append_only on audit_entries;
create trigger append_only before update or delete on audit_entries
  for each row execute function tidegate_append_only();
drop function tidegate_only_erasures();
drop function tidegate_is_pseudonymised(jsonb, jsonb, jsonb[]);
drop function tidegate_personal_value(audit_entries, text);
drop function tidegate_body_path(text);
drop index audit_entries_by_person;
drop table audit_erasures;
