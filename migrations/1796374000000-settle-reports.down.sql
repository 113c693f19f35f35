alter table node_presence
  drop column settled_as,
  drop column settled_revision,
  drop column settled_at;
