/** The table `audit_checkpoints`: how each tree stood, signed, whenever entries came into it. */
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';
import type { SealedTree } from './trees.store.js';

const keep = statement<{
  readonly tenantIds: readonly string[];
  readonly ids: readonly string[];
  readonly sizes: readonly number[];
  readonly roots: readonly string[];
  readonly notes: readonly string[];
}>(
  'audit-checkpoints.keep',
  `insert into audit_checkpoints (tenant_id, id, size, root, at, note)
   select tenant_id, id, size, decode(root, 'hex'), (select clock_timestamp()), note
   from unnest(:tenantIds::uuid[], :ids::uuid[], :sizes::bigint[], :roots::text[], :notes::text[])
     as c (tenant_id, id, size, root, note)`,
);

/** Each has an id by which lists order them. */
export async function keepCheckpoints(
  tx: SystemTransaction,
  trees: readonly (SealedTree & { readonly id: string })[],
): Promise<void> {
  await tx.execute(keep, {
    tenantIds: trees.map(({ tenantId }) => tenantId),
    ids: trees.map(({ id }) => id),
    sizes: trees.map(({ size }) => size),
    roots: trees.map(({ root }) => root.toString('hex')),
    notes: trees.map(({ checkpoint }) => checkpoint),
  });
}
