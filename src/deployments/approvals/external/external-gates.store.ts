/** The table `external_gates`, for whoever answers and is of no tenant yet; else it is an entity's. */
import type { OpenContext } from '../../../platform/context.js';
import { statement } from '../../../platform/database/statement.js';
import type { SystemTransaction } from '../../../platform/database/transaction.js';

export interface KnownGate {
  readonly tenantId: string;
  readonly id: string;
  readonly sealedSecret: string;
}

const find = statement<{ readonly id: string }, KnownGate>(
  'external-gates.known',
  `select tenant_id as "tenantId", id, sealed_secret as "sealedSecret"
   from external_gates where id = :id`,
);

/** Of whichever tenant. */
export function knownGate(tx: SystemTransaction, id: string): Promise<KnownGate | undefined> {
  return tx.first(find, { id });
}

const policiesOf = statement<
  { readonly tenantId: string; readonly id: string },
  { readonly name: string }
>(
  'external-gates.policies-of',
  `select name from approval_policies where tenant_id = :tenantId and external_gate_id = :id
   order by name`,
);

/** The names of the policies that ask it. */
export async function policiesAsking(open: OpenContext, id: string): Promise<string[]> {
  const rows = await open.tx.query(policiesOf, { tenantId: open.tenantId, id });
  return rows.map(({ name }) => name);
}
