-- A Merkle tree per tenant (RFC 6962), of which rows are only ever added. It takes the place of a chain
-- that nobody ever wrote.
drop table audit_chain;

-- Where each tree ends: all that it takes to go on. Locked by whoever seals entries of the tenant.
create table audit_trees (
  tenant_id uuid primary key,
  size bigint not null check (size >= 0),
  -- The roots of its largest full subtrees, from the left.
  edge bytea not null,
  root bytea not null check (length(root) = 32),
  -- The signed note of this size.
  checkpoint text not null,
  sealed_at timestamptz not null,
  published_size bigint not null default 0,
  published_at timestamptz
);

create table audit_leaves (
  tenant_id uuid not null,
  sequence bigint not null check (sequence >= 0),
  entry_id uuid not null,
  at timestamptz not null,
  leaf_hash bytea not null check (length(leaf_hash) = 32),
  primary key (tenant_id, sequence)
);
create unique index audit_leaves_by_entry on audit_leaves (tenant_id, entry_id);

-- One hash for each full tile of the level below (C2SP tlog-tiles); level 0 is the leaves.
create table audit_subtrees (
  tenant_id uuid not null,
  level smallint not null check (level between 1 and 6),
  position bigint not null check (position >= 0),
  hash bytea not null check (length(hash) = 32),
  primary key (tenant_id, level, position)
);

-- The signed note of every size at which entries were sealed: what is wrong is found between two of them.
create table audit_checkpoints (
  tenant_id uuid not null,
  id uuid not null,
  size bigint not null check (size > 0),
  root bytea not null check (length(root) = 32),
  at timestamptz not null,
  note text not null,
  primary key (tenant_id, id),
  unique (tenant_id, size)
);

-- To which places outside of this database, and whether it is there yet.
create table audit_anchors (
  tenant_id uuid not null,
  sink text not null,
  size bigint not null,
  anchored_at timestamptz,
  failures integer not null default 0,
  next_try_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, sink, size)
);
create index audit_anchors_due on audit_anchors (next_try_at) where anchored_at is null;

do $$
declare
  name text;
begin
  foreach name in array array['audit_trees', 'audit_leaves', 'audit_subtrees', 'audit_checkpoints',
    'audit_anchors']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy tenant on %I to tidegate_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      name);
    execute format('create policy system on %I to tidegate_system using (true) with check (true)', name);
    execute format('create policy backfill on %I to tidegate_backfill using (true) with check (true)', name);
    execute format('grant select, insert, delete on %I to tidegate_backfill', name);
    execute format('grant select on %I to tidegate_app', name);
    execute format('grant select, insert on %I to tidegate_system', name);
  end loop;
  foreach name in array array['audit_leaves', 'audit_subtrees', 'audit_checkpoints']
  loop
    execute format('create trigger append_only before update or delete on %I
      for each row execute function tidegate_append_only()', name);
    execute format('create trigger never_emptied before truncate on %I
      for each statement execute function tidegate_append_only()', name);
  end loop;
end $$;
grant update on audit_trees, audit_anchors to tidegate_system;
grant update on audit_trees, audit_anchors to tidegate_backfill;
-- Hashes of entries of format 1 are found out tenant by tenant.
grant update (leaf_hash) on audit_pending to tidegate_app;
