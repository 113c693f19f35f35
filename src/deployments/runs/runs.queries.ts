/** What the engine's gauges ask of `runs`, of all tenants together. */
import { statement } from '../../platform/database/statement.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { RUN_KIND } from './runs.store.js';

interface LaneRow {
  readonly lane: string;
  readonly inFlight: number;
  /** Of those: they only watch a gate. */
  readonly polling: number;
  readonly oldestDueSeconds: number;
}

const BY_LANE = statement<{ readonly kind: string }, LaneRow>(
  'runs.awake-by-lane',
  `select lane, count(*)::int as "inFlight",
     (count(*) filter (where polls_gate))::int as polling,
     coalesce(extract(epoch from clock_timestamp() - min(wake_at) filter (
       where lease_until is null or lease_until < clock_timestamp())), 0)::float8
       as "oldestDueSeconds"
   from runs where kind = :kind and wake_at is not null group by lane`,
);

/** Those that are not over; a lane without any is not there. */
export function awakeByLane(tx: SystemTransaction): Promise<LaneRow[]> {
  return tx.query(BY_LANE, { kind: RUN_KIND });
}
