-- What a node said last, and that nothing had to follow from it: while it says the same again, and is told
-- the same, nobody compares it row by row. Null: its next report is looked at in full.
alter table node_presence
  add column settled_as text check (length(settled_as) <= 64),
  add column settled_revision bigint,
  add column settled_at timestamptz;
