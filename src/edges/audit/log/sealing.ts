/**
 * Entries come into the trees of their tenants, in batches and in transactions of their own: whoever
 * writes an entry waits for nobody. Two that seal at once share the trees between them by their rows'
 * locks, so each tree has one history without a gap, whoever dies when.
 */
import { newId } from '../../../kernel/ids.js';
import { limits } from '../../../kernel/limits.js';
import { signCheckpoint } from '../../../kernel/tlog/checkpoint.js';
import { EMPTY_ROOT, TreeEdge } from '../../../kernel/tlog/tree.js';
import { TILE_HEIGHT } from '../../../kernel/tlog/tree-proofs.js';
import {
  forgetPending,
  type PendingLeaf,
  pendingLeaves,
} from '../../../platform/audit/audit-pending.store.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import { keepCheckpoints } from './checkpoints.store.js';
import type { LogKey } from './log-key.js';
import {
  growTrees,
  insertLeaves,
  insertSubtrees,
  lockTrees,
  type SealedTree,
  type Subtree,
  type TreeRow,
} from './trees.store.js';

export interface Sealed {
  readonly entries: readonly PendingLeaf[];
  /** There may be more: so many are taken in one transaction, and no more. */
  readonly isFull: boolean;
}

export async function sealTrees(
  tx: SystemTransaction,
  key: LogKey,
  tenantIds: readonly string[],
): Promise<Sealed> {
  const rows = await lockTrees(tx, tenantIds, EMPTY_ROOT);
  const each = Math.ceil(limits.auditSealedAtOnce / Math.max(rows.length, 1));
  const mine = rows.map(({ tenantId }) => tenantId);
  const leaves = rows.length === 0 ? [] : await pendingLeaves(tx, mine, each);
  if (leaves.length === 0) return { entries: [], isFull: false };
  const grown = rows.map((row) => grow(row, leaves.filter(isOf(row)), key));
  const trees = grown.map(({ tree }) => tree).filter(({ before, size }) => size > before);
  await insertLeaves(
    tx,
    grown.flatMap((each) => each.leaves),
  );
  await insertSubtrees(
    tx,
    grown.flatMap(({ subtrees }) => subtrees),
  );
  await keepCheckpoints(
    tx,
    trees.map((tree) => ({ ...tree, id: newId() })),
  );
  tx.commitsAs('sealed');
  const [forgotten, changed] = [await forgetPending(tx, leaves), await growTrees(tx, trees)];
  if (forgotten !== leaves.length || changed !== trees.length) {
    throw new Error('another sealer was at the same trees: nothing of this batch is kept');
  }
  return { entries: leaves, isFull: grown.some((one) => one.leaves.length === each) };
}

const isOf =
  ({ tenantId }: TreeRow) =>
  (leaf: PendingLeaf): boolean =>
    leaf.tenantId === tenantId;

function grow(
  { tenantId, size: before, edge: bytes }: TreeRow,
  leaves: readonly PendingLeaf[],
  key: LogKey,
) {
  const edge = TreeEdge.parse(before, bytes);
  const subtrees: Subtree[] = [];
  const placed = leaves.map((leaf) => {
    const sequence = edge.size;
    edge.append(leaf.leafHash, ({ height, index: position, hash }) => {
      const level = height / TILE_HEIGHT;
      if (Number.isInteger(level)) subtrees.push({ tenantId, level, position, hash });
    });
    return { ...leaf, sequence };
  });
  const root = edge.root();
  const checkpoint = signCheckpoint({ size: edge.size, root }, key.signerOf(tenantId));
  const tree: SealedTree = {
    tenantId,
    before,
    size: edge.size,
    edge: edge.bytes(),
    root,
    checkpoint,
  };
  return { tree, leaves: placed, subtrees };
}
