-- Since when a node is to run nothing, who has said so and why, and until when it should be done.
alter table nodes
  add column drained_at timestamptz,
  add column drained_by text,
  add column drain_reason text check (length(drain_reason) <= 500),
  add column drain_deadline_at timestamptz,
  -- What runs nothing takes part in no rollout.
  add constraint nodes_drained_are_cordoned check (drained_at is null or admin_state = 'cordoned'),
  add constraint nodes_drained_whole check (num_nulls(drained_at, drained_by, drain_deadline_at) in (0, 3));
