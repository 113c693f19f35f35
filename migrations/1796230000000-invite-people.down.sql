drop index credentials_by_subject;
set local role tidegate_backfill;
delete from credentials where kind in ('invitation', 'password-reset', 'email-change');
reset role;
alter table credentials drop constraint credentials_kind_check;
alter table credentials add constraint credentials_kind_check check (kind in ('enrollment', 'refresh',
  'access-key'));
