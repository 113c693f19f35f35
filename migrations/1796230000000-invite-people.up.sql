-- What is mailed to a person, or handed to them once: an invitation, a way back to the account, the proof
-- that a new address is theirs.
alter table credentials drop constraint credentials_kind_check;
alter table credentials add constraint credentials_kind_check check (kind in ('enrollment', 'refresh',
  'access-key', 'invitation', 'password-reset', 'email-change'));
-- All that a person has open, in all tenants: shown to them, and ended at once.
create index credentials_by_subject on credentials (subject_id, kind);
