-- Budgets of failed sign-ins beside the waits between them: when what was spent is there again, and
-- when the audit log was last told.
alter table login_throttles
  add column spent_until timestamptz,
  add column told_at timestamptz;

-- Where a person has signed in lately: a few keyed digests of networks, each with its last time in
-- milliseconds. Read and written as a whole, and it ends with the person.
alter table users add column known_networks jsonb not null default '{}';
