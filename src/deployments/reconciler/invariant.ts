import type { Statement } from '../../platform/database/statement.js';
import { activeStatuses } from '../deployment.states.js';

/**
 * Something that always holds, unless a mistake of ours or somebody's SQL has broken it, with the
 * one statement that finds where it does not and mends it. Compare-and-set: what it changes it has
 * locked and looked at in the same statement. It skips locked rows, because whoever holds them is
 * about to change them.
 */
export interface Invariant {
  /** The label of `reconciler_repairs_total`. */
  readonly name: string;
  /** What was found, for the log. */
  readonly found: string;
  readonly repair: Statement<Repairing, Repaired>;
}

export type Repairing = {
  readonly tenantId: string;
  /** Of run. */
  readonly kind: string;
  /** Rows at most. */
  readonly limit: number;
};

/** A deployment to look at. */
export interface Repaired {
  readonly id: string;
}

const quoted = activeStatuses.map((status) => `'${status}'`).join(', ');

/** Written out, so that PostgreSQL can use the partial index of open deployments. */
export const isOpen = (deployment: string) => `${deployment}.status in (${quoted})`;

/** Nobody holds the lease of this run now. */
export const isFree = (run: string) =>
  `(${run}.lease_until is null or ${run}.lease_until < (select clock_timestamp()))`;

/** As a hint does it: whoever acts on the run at this moment cannot sleep over it. */
export const wake = (broken: string) => `
  update runs r set wake_at = clock_timestamp(), pokes = r.pokes + 1, polls_gate = false
  from ${broken} b where r.tenant_id = b.tenant_id and r.kind = :kind and r.id = b.id
  returning r.id`;
