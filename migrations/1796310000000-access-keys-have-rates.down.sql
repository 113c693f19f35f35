alter table access_keys drop column requests_per_minute;
