-- What a node says of releases that should serve and do not: per release, because two may share it.
alter table observed_modules add column down jsonb not null default '[]';
