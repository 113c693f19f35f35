-- A process of the version before inserts rows without them.
alter table environments
  add column labels jsonb not null default '{}';
