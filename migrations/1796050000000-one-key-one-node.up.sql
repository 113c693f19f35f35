-- One key is of one node, over all tenants and for good, also when the node was revoked. Where two
-- had one so far, the first keeps it; the others are revoked and have to be enrolled with their own.
set local role tidegate_backfill;
update nodes as own set revoked_at = coalesce(own.revoked_at, clock_timestamp()),
  public_key = own.public_key || '#' || own.id
from (
  select tenant_id, id, row_number() over (
    partition by public_key order by revoked_at is not null, created_at, id) as place
  from nodes
) as placed
where placed.tenant_id = own.tenant_id and placed.id = own.id and placed.place > 1;
reset role;

create unique index nodes_by_public_key on nodes (public_key);

-- What makes a node look like two, or like one that does not tell the truth.
alter table node_presence
  add column suspicion text check (suspicion in ('duplicated', 'implausible')),
  add column suspicion_message text,
  add column suspected_at timestamptz;
