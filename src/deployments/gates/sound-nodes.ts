/**
 * Which nodes of a group are broken by themselves. One broken node must neither spoil what the others
 * are measured by, nor excuse anything: a sixth of the requests failing is no property of the group.
 */
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';

/** With fewer requests a share of errors says nothing about a node. */
export const REQUESTS_THAT_TELL = 20;

/** Failing this share is "broken" where a gate has no limit for errors of its own. */
const BROKEN_SHARE = 0.1;
/** A gate that allows a rise by one point calls ten points broken: that is no rise any more. */
const BROKEN_TIMES_LIMIT = 10;
/** However much a gate allows: who fails nine of ten requests does not serve. */
const BROKEN_SHARE_MOST = 0.9;

/** `errorLimit`: the share by which the gate lets errors rise. */
export function brokenShare(errorLimit: number): number {
  return Math.min(BROKEN_SHARE_MOST, Math.max(BROKEN_SHARE, BROKEN_TIMES_LIMIT * errorLimit));
}

export interface NodeCounts {
  readonly requests: number;
  readonly errors: number;
}

function isBroken({ requests, errors }: NodeCounts, share: number): boolean {
  return requests >= REQUESTS_THAT_TELL && errors / requests > share;
}

/** Nodes that are broken, by what they did or, when that tells nothing, by what they say: `down`. */
export function brokenNodes(
  counts: ReadonlyMap<string, NodeCounts>,
  down: ReadonlySet<string>,
  share: number,
): Set<string> {
  const broken = new Set<string>();
  for (const nodeId of new Set([...counts.keys(), ...down])) {
    const own = counts.get(nodeId);
    // A node that serves may have been asked how it is between two starts.
    const tells = own !== undefined && own.requests >= REQUESTS_THAT_TELL;
    if (tells ? isBroken(own, share) : down.has(nodeId)) broken.add(nodeId);
  }
  return broken;
}

/** Per node over all these intervals. */
export function countsByNode(intervals: readonly NodeInterval[]): Map<string, NodeCounts> {
  const counts = new Map<string, NodeCounts>();
  for (const { nodeId, requests, errors } of intervals) {
    const before = counts.get(nodeId) ?? { requests: 0, errors: 0 };
    counts.set(nodeId, {
      requests: before.requests + requests,
      errors: before.errors + errors,
    });
  }
  return counts;
}

/**
 * Without the nodes that are broken while most are sound. When most are broken, what breaks them is
 * common to all, and all stay.
 */
export function soundOf(intervals: readonly NodeInterval[], share: number): NodeInterval[] {
  const counts = countsByNode(intervals);
  const broken = brokenNodes(counts, new Set(), share);
  if (2 * broken.size > counts.size) return [...intervals];
  return intervals.filter(({ nodeId }) => !broken.has(nodeId));
}
