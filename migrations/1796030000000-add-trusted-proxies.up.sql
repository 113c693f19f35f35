-- Networks of the proxies in front of a cluster's nodes: what these say of a client is believed there.
-- As many as limits.trustedProxies; the process knows what a network is.

alter table clusters
  add column trusted_proxies text[] not null default '{}'
    constraint clusters_trusted_proxies_check check (cardinality(trusted_proxies) <= 64);
