/** Whose turn it is to be looked after, and the repair: an invariant's own statement. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { RUN_KIND } from '../runs/runs.store.js';
import type { Invariant, Repaired } from './invariant.js';

/** Any constant that nobody else uses. */
const LOCK = 7_205_759_404;
/** A broken release breaks many: what is left is mended in the next turn. */
const REPAIRS_PER_STATEMENT = 100;

const TAKE_TURN = statement<{ readonly lock: number }, { readonly got: boolean }>(
  'reconciler.take-turn',
  'select pg_try_advisory_xact_lock(:lock::bigint) as got',
);

/** Until the end of the transaction. False: another worker is at it. */
export async function takeTurn(tx: SystemTransaction): Promise<boolean> {
  return (await tx.first(TAKE_TURN, { lock: LOCK }))?.got === true;
}

const TENANTS = statement<
  { readonly after: string | null; readonly limit: number },
  { readonly id: string }
>(
  'reconciler.tenants',
  `select id from tenants where :after::uuid is null or id > :after::uuid
   order by id limit :limit`,
);

/** The next ones, by id; null: from the first. */
export async function tenantsAfter(
  tx: SystemTransaction,
  after: string | null,
  limit: number,
): Promise<string[]> {
  return (await tx.query(TENANTS, { after, limit })).map(({ id }) => id);
}

export function repair(open: OpenContext, invariant: Invariant): Promise<Repaired[]> {
  const { tenantId } = open;
  return open.tx.query(invariant.repair, {
    tenantId,
    kind: RUN_KIND,
    limit: REPAIRS_PER_STATEMENT,
  });
}
