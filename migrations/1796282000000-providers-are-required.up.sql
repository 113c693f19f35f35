-- A tenant may demand its provider of everybody, but for whom it names for the day on which that is down.
alter table identity_providers add column is_required boolean not null default false;
alter table identity_providers add column emergency jsonb not null
  default '{"usernames": [], "roles": []}';
