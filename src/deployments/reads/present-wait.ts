/**
 * What a deployment waits for at this moment. Its row says what it waited for when a worker last put
 * it down: a worker has to come back for that to be true any longer.
 */
import type { WaitingOn } from '../../engine/run.js';
import type { DeploymentSummary } from '../deployments.dto.js';
import type { GateState } from '../gates/gate-spec.js';

/** Due runs are taken four times a second: for longer than this, nobody is there to take them. */
const LATE_SECONDS = 5;

/** `until` is null where nobody can say. */
export type PresentWait = Omit<WaitingOn, 'until'> & { readonly until: number | null };

export interface WaitRow {
  /** What it waited for when it was put down last. */
  readonly waitingOn: WaitingOn | null;
  /** Null, unless it has been due for longer than it should be; by the database's clock. */
  readonly dueSince: number | null;
  /** A worker has it in hand; null: nobody has. */
  readonly isLeased: boolean | null;
}

/** A lease that ran out belonged to a worker that died: until then it was being worked on. */
const DUE_SINCE = `greatest(r.wake_at,
  case when r.lease_until <= clock_timestamp() then r.lease_until end)`;

/** Of a deployment `d` and its run `r`. */
export const WAIT_COLUMNS = `r.waiting_on as "waitingOn",
  r.lease_until > clock_timestamp() as "isLeased",
  case when d.finished_at is null and r.wake_at is not null
      and ${DUE_SINCE} < clock_timestamp() - interval '${LATE_SECONDS} seconds'
    then floor(extract(epoch from ${DUE_SINCE}) * 1000)::float8 end as "dueSince"`;

/**
 * A hint makes a worker look for some milliseconds: what it looks at is told all through them. When a
 * worker is at it for longer, that is stale.
 */
export function presentWait({ waitingOn, dueSince, isLeased }: WaitRow): PresentWait | null {
  if (dueSince === null) return waitingOn;
  return isLeased ? null : forWorker(dueSince);
}

/** A gate's polls go on without the engine: what its row says is newer than what it waits with. */
export function waitWithGate(row: WaitRow & { readonly gate: GateState | null }) {
  const wait = presentWait(row);
  if (wait?.kind !== 'gate' || !row.gate) return wait;
  const [subject] = wait.detail.split(': ');
  const present = { ...wait, detail: `${subject}: ${row.gate.reason}` };
  // Nobody may let harm through: the engine takes it back with its next action.
  return row.gate.verdict === 'unstable' ? { ...present, who: 'the engine', verb: null } : present;
}

function forWorker(since: number): PresentWait {
  return {
    kind: 'worker',
    since,
    until: null,
    verb: null,
    who: 'whoever operates Tidegate: the workers are stopped, overloaded or cut off from the database',
    detail: `no worker has taken it, although it has been due since ${new Date(since).toISOString()}`,
  };
}

export function waitingView({
  since,
  until,
  ...rest
}: PresentWait): DeploymentSummary['waitingOn'] {
  return {
    ...rest,
    since: new Date(since).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
  };
}
