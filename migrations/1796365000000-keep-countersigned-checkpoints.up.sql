-- What a place that nobody can read back has answered, where that is the checkpoint with signatures of others.
alter table audit_anchors add column countersigned text check (length(countersigned) <= 65536);
