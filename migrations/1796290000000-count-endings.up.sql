-- What ends all sessions of a person counts up. A sign-in that has looked the person up before that is
-- refused when it would open a session: the password, or whatever it has shown, may be the old one.
alter table users add column sign_in_epoch integer not null default 0;
grant select (sign_in_epoch) on users to tidegate_app;

-- What people do to their accounts, which are of no tenant, is told to their tenants in the transaction
-- in which it is done.
create policy system_appends on audit_entries for insert to tidegate_system with check (true);
grant insert on audit_entries to tidegate_system;
