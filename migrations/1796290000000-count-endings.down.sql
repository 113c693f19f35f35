revoke insert on audit_entries from tidegate_system;
drop policy system_appends on audit_entries;

revoke select (sign_in_epoch) on users from tidegate_app;
alter table users drop column sign_in_epoch;
