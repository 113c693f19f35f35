alter table users drop column known_networks;
alter table login_throttles
  drop column told_at,
  drop column spent_until;
