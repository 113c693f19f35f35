alter table nodes
  drop constraint nodes_drained_are_cordoned,
  drop constraint nodes_drained_whole,
  drop column drained_at,
  drop column drained_by,
  drop column drain_reason,
  drop column drain_deadline_at;
