-- How many requests a minute a key is for, as its maker has said; null: as many as any key.
alter table access_keys add column requests_per_minute integer
  check (requests_per_minute between 1 and 100000);
