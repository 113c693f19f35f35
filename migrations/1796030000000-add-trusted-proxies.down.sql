alter table clusters drop column trusted_proxies;
