/** Whether a wave's nodes were broken before their move. Nothing else of that time is asked for. */
import type { NodeInterval } from '../../../drivers/metric-sources/metric-source.js';
import type { Yardstick } from '../gate.js';
import {
  addServed,
  brokenBy,
  brokenNodes,
  brokenShare,
  countsByNode,
  NOTHING_SERVED,
  REQUESTS_THAT_TELL,
} from '../sound-nodes.js';

/** What happened longer ago is not what an undo would lead back to. */
export const BROKEN_REACH_MS = 5 * 60 * 1000;

export function brokenBefore(
  polls: readonly (readonly NodeInterval[])[],
  down: ReadonlySet<string>,
): Yardstick {
  const counts = countsByNode(polls.flat());
  const all = new Set([...counts.keys(), ...down]);
  const nothing: Yardstick = { baseline: null, broken: null, leftOut: [] };
  if (2 * brokenNodes(counts, down, brokenShare(0)).size <= all.size) return nothing;
  const served = [...counts.values()].reduce(addServed, NOTHING_SERVED);
  const tells = served.requests >= REQUESTS_THAT_TELL;
  return { ...nothing, broken: tells ? brokenBy(served) : { why: 'down', err: 1 } };
}
