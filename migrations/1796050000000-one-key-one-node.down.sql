-- A node that was revoked for its key stays revoked.
alter table node_presence
  drop column suspected_at,
  drop column suspicion_message,
  drop column suspicion;
drop index nodes_by_public_key;
