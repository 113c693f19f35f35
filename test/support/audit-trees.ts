/** What a tenant's log must be at any time: one tree, of all that was sealed, each entry once. */
import { expect } from '@jest/globals';
import { hashesOf } from '../../src/edges/audit/proofs/tree.views.js';
import { leafOf } from '../../src/kernel/tlog/audit-leaf.js';
import { openCheckpoint } from '../../src/kernel/tlog/checkpoint.js';
import { parseVerifierKey } from '../../src/kernel/tlog/note.js';
import { leafHash, TreeEdge } from '../../src/kernel/tlog/tree.js';
import { consistencyProof, isConsistent } from '../../src/kernel/tlog/tree-proofs.js';
import {
  type AuditRow,
  auditColumns,
  fieldsOf,
  saltsOf,
} from '../../src/platform/audit/audit-row.js';
import { Context } from '../../src/platform/context.js';
import type { AuditRig } from './audit-rig.js';

interface LeafRow {
  readonly sequence: number;
  readonly entryId: string;
  readonly leafHash: Buffer;
}

export const entriesOf = (rig: AuditRig, tenantId: string) =>
  rig.sql<AuditRow>(
    `select ${auditColumns('e')} from audit_entries e where tenant_id = $1 order by at, id`,
    [tenantId],
  );

export const leavesOf = (rig: AuditRig, tenantId: string) =>
  rig.sql<LeafRow>(
    `select sequence::int, entry_id as "entryId", leaf_hash as "leafHash" from audit_leaves
     where tenant_id = $1 order by sequence`,
    [tenantId],
  );

/**
 * Without a gap, of so many of the entries that there are; every note that was ever signed says how the tree
 * was at its size.
 */
export async function expectOneTree(rig: AuditRig, tenantId: string, count: number): Promise<void> {
  const [entries, leaves] = [await entriesOf(rig, tenantId), await leavesOf(rig, tenantId)];
  expect(leaves.map(({ sequence }) => sequence)).toEqual(leaves.map((_, at) => at));
  expect(leaves).toHaveLength(count);
  expect(new Set(leaves.map(({ entryId }) => entryId)).size).toBe(count);
  const hashes = new Map(entries.map((row) => [row.id, hashOf(row)]));
  for (const leaf of leaves) expect(leaf.leafHash.toString('hex')).toBe(hashes.get(leaf.entryId));
  const edge = TreeEdge.empty();
  const roots = new Map<number, string>();
  for (const leaf of leaves) {
    edge.append(leaf.leafHash);
    roots.set(edge.size, edge.root().toString('hex'));
  }
  for (const { size, root } of await checkpointsOf(rig, tenantId)) {
    expect(root.toString('hex')).toBe(roots.get(size));
  }
  const [tree] = await rig.sql<{ size: number; root: Buffer }>(
    'select size::int, root from audit_trees where tenant_id = $1',
    [tenantId],
  );
  expect([tree?.size ?? 0, tree?.root ?? edge.root()]).toEqual([count, edge.root()]);
}

/** By the proofs that others are given. */
export async function expectOnlyGrown(rig: AuditRig, tenantId: string): Promise<void> {
  const checkpoints = await checkpointsOf(rig, tenantId);
  await rig.db.transaction(Context.system(tenantId, 'test'), async (open) => {
    for (const [at, newer] of checkpoints.slice(1).entries()) {
      const older = checkpoints[at]!;
      const proof = await consistencyProof(hashesOf(open), older.size, newer.size);
      expect(isConsistent(older, newer, proof)).toBe(true);
    }
  });
}

async function checkpointsOf(rig: AuditRig, tenantId: string) {
  const verifiers = [parseVerifierKey(rig.key.verifierOf(tenantId))];
  const notes = await rig.sql<{ note: string }>(
    `select note from (select size, note from audit_checkpoints where tenant_id = $1
     union select size, checkpoint from audit_trees where tenant_id = $1 and size > 0) n order by size`,
    [tenantId],
  );
  return notes.map(({ note }) => openCheckpoint(note, verifiers));
}

function hashOf(row: AuditRow): string {
  return leafHash(Buffer.from(leafOf(fieldsOf(row), saltsOf(row)).text)).toString('hex');
}
