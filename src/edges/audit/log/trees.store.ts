/**
 * The tables `audit_trees`, `audit_leaves` and `audit_subtrees`: a Merkle tree for each tenant. Rows of the
 * last two are only added; the first holds where each tree ends, and whoever has locked its row may go on.
 */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { PendingLeaf } from '../../../platform/audit/audit-pending.store.js';

type Of = { readonly tenantIds: readonly string[] };

const begin = statement<Of & { readonly root: Buffer }>(
  'audit-trees.begin',
  `insert into audit_trees (tenant_id, size, edge, root, checkpoint, sealed_at)
   select id, 0, '', :root, '', (select clock_timestamp()) from unnest(:tenantIds::uuid[]) as t (id)
   on conflict do nothing`,
);

export interface TreeRow {
  readonly tenantId: string;
  readonly size: number;
  readonly edge: Buffer;
}

const lock = statement<Of, TreeRow>(
  'audit-trees.lock',
  `select tenant_id as "tenantId", size, edge from audit_trees
   where tenant_id = any(:tenantIds::uuid[]) order by tenant_id for update skip locked`,
);

/** Those that no other sealer is at. */
export async function lockTrees(
  tx: SystemTransaction,
  tenantIds: readonly string[],
  emptyRoot: Buffer,
): Promise<TreeRow[]> {
  await tx.execute(begin, { tenantIds, root: emptyRoot });
  return tx.query(lock, { tenantIds });
}

const addLeaves = statement<{
  readonly tenantIds: readonly string[];
  readonly sequences: readonly number[];
  readonly entryIds: readonly string[];
  readonly times: readonly Date[];
  readonly hashes: readonly string[];
}>(
  'audit-leaves.add',
  `insert into audit_leaves (tenant_id, sequence, entry_id, at, leaf_hash)
   select tenant_id, sequence, entry_id, at, decode(hash, 'hex')
   from unnest(:tenantIds::uuid[], :sequences::bigint[], :entryIds::uuid[], :times::timestamptz[],
     :hashes::text[]) as l (tenant_id, sequence, entry_id, at, hash)`,
);

export async function insertLeaves(
  tx: SystemTransaction,
  leaves: readonly (PendingLeaf & { readonly sequence: number })[],
): Promise<void> {
  await tx.execute(addLeaves, {
    tenantIds: leaves.map(({ tenantId }) => tenantId),
    sequences: leaves.map(({ sequence }) => sequence),
    entryIds: leaves.map(({ entryId }) => entryId),
    times: leaves.map(({ at }) => at),
    hashes: leaves.map(({ leafHash }) => leafHash.toString('hex')),
  });
}

export interface Subtree {
  readonly tenantId: string;
  /** Of tiles: a hash of it stands for 256 of the level below. */
  readonly level: number;
  readonly position: number;
  readonly hash: Buffer;
}

const addSubtrees = statement<{
  readonly tenantIds: readonly string[];
  readonly levels: readonly number[];
  readonly positions: readonly number[];
  readonly hashes: readonly string[];
}>(
  'audit-subtrees.add',
  `insert into audit_subtrees (tenant_id, level, position, hash)
   select tenant_id, level, position, decode(hash, 'hex')
   from unnest(:tenantIds::uuid[], :levels::int[], :positions::bigint[], :hashes::text[])
     as s (tenant_id, level, position, hash)`,
);

export async function insertSubtrees(
  tx: SystemTransaction,
  subtrees: readonly Subtree[],
): Promise<void> {
  if (subtrees.length === 0) return;
  await tx.execute(addSubtrees, {
    tenantIds: subtrees.map(({ tenantId }) => tenantId),
    levels: subtrees.map(({ level }) => level),
    positions: subtrees.map(({ position }) => position),
    hashes: subtrees.map(({ hash }) => hash.toString('hex')),
  });
}

export interface SealedTree {
  readonly tenantId: string;
  readonly before: number;
  readonly size: number;
  readonly edge: Buffer;
  readonly root: Buffer;
  readonly checkpoint: string;
}

const grow = statement<{
  readonly tenantIds: readonly string[];
  readonly before: readonly number[];
  readonly sizes: readonly number[];
  readonly edges: readonly string[];
  readonly roots: readonly string[];
  readonly checkpoints: readonly string[];
}>(
  'audit-trees.grow',
  `update audit_trees t set size = g.size, edge = decode(g.edge, 'hex'), root = decode(g.root, 'hex'),
     checkpoint = g.checkpoint, sealed_at = (select clock_timestamp())
   from unnest(:tenantIds::uuid[], :before::bigint[], :sizes::bigint[], :edges::text[], :roots::text[],
     :checkpoints::text[]) as g (tenant_id, before, size, edge, root, checkpoint)
   where t.tenant_id = g.tenant_id and t.size = g.before`,
);

/** How many have grown: fewer than are named would be another sealer's work. */
export function growTrees(tx: SystemTransaction, trees: readonly SealedTree[]): Promise<number> {
  return tx.execute(grow, {
    tenantIds: trees.map(({ tenantId }) => tenantId),
    before: trees.map(({ before }) => before),
    sizes: trees.map(({ size }) => size),
    edges: trees.map(({ edge }) => edge.toString('hex')),
    roots: trees.map(({ root }) => root.toString('hex')),
    checkpoints: trees.map(({ checkpoint }) => checkpoint),
  });
}

export interface DueTree {
  readonly tenantId: string;
  readonly size: number;
}

const publish = statement<{ readonly everyMs: number; readonly take: number }, DueTree>(
  'audit-trees.publish',
  `update audit_trees t set published_size = t.size, published_at = (select clock_timestamp())
   from (select tenant_id from audit_trees
     where size > published_size and (published_at is null
       or published_at <= (select clock_timestamp()) - :everyMs * interval '1 ms')
     order by published_at nulls first limit :take for update skip locked) due
   where t.tenant_id = due.tenant_id returning t.tenant_id as "tenantId", t.size`,
);

/** Trees that have grown and of which nothing has been given to the outside for so long. */
export function publishTrees(
  tx: SystemTransaction,
  everyMs: number,
  take: number,
): Promise<DueTree[]> {
  return tx.query(publish, { everyMs, take });
}
