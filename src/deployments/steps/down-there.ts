// What a node says of one release that should serve on it: whether it is down there, and whose doing
// a failure is. The codes are the agent's (docs/agent.md).
import {
  PASSING_CODES,
  type DownRelease,
  type NodeObservation,
} from '../../drivers/targets/target.js';
import type { Cause } from '../../engine/journal.js';
import type { Pair } from '../../engine/plan.js';

type PairIds = Pick<Pair, 'releaseId' | 'configurationId'>;

export const isPair = (one: PairIds, other: PairIds): boolean =>
  one.releaseId === other.releaseId && one.configurationId === other.configurationId;

/** Null: it serves, or is away for a moment only. */
export function downThere(seen: NodeObservation, pair: PairIds): DownRelease | null {
  const own = (seen.down ?? []).find((each) => isPair(each, pair));
  return own && !PASSING_CODES.includes(own.code) ? own : null;
}

/** Does the node hold on to the pair: does it run there, or should it, and is down? */
export function holds(seen: NodeObservation, pair: PairIds): boolean {
  return [...seen.running, ...(seen.down ?? [])].some((each) => isPair(each, pair));
}

/**
 * Codes of what is around a release: a port or a front, bytes that cannot be had, the node's own rules
 * and its agent. Any other, also one that is not known yet, is the release's own doing: it has ended,
 * does not get well, fails a hook or a check.
 */
const SURROUNDINGS: readonly string[] = [
  'port-in-use',
  'listen-failed',
  'front-unreachable',
  'front-start-failed',
  'stale-version',
  'download-failed',
  'artifact-unavailable',
  'artifact-truncated',
  'artifact-digest-mismatch',
  'signature-not-trusted',
  'answer-not-understood',
  'does-not-stop',
  'internal',
];

export function causeOf({ reason }: Pick<NodeObservation, 'reason'>): Cause {
  return reason && SURROUNDINGS.includes(reason.code) ? 'surroundings' : 'release';
}
