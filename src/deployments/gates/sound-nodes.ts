/**
 * Which nodes of a group are broken by themselves. One broken node must neither spoil what the others
 * are measured by, nor excuse anything: a sixth of the requests failing is no property of the group.
 */
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import { abandonedBy } from './abandoned.js';
import type { Broken } from './gate.js';

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

/** Who leaves before an answer may do so by design (a long poll); when all do, nobody is answered. */
const UNANSWERED_SHARE = 0.9;

export interface Served {
  /** With those that were given up by their clients. */
  readonly requests: number;
  /** Without them. */
  readonly failed: number;
  readonly abandoned: number;
}

function isUnanswered({ requests, abandoned }: Served): boolean {
  return abandoned >= UNANSWERED_SHARE * requests;
}

/** The share of requests that shows whether a node serves at all. */
export function failingShare(served: Served): number {
  const { requests, failed, abandoned } = served;
  return (isUnanswered(served) ? failed + abandoned : failed) / requests;
}

/** Nodes that are broken, by what they did or, when that tells nothing, by what they say: `down`. */
export function brokenNodes(
  counts: ReadonlyMap<string, Served>,
  down: ReadonlySet<string>,
  share: number,
): Set<string> {
  const broken = new Set<string>();
  for (const nodeId of new Set([...counts.keys(), ...down])) {
    const own = counts.get(nodeId);
    // A node that serves may have been asked how it is between two starts.
    const tells = own !== undefined && own.requests >= REQUESTS_THAT_TELL;
    if (tells ? failingShare(own) > share : down.has(nodeId)) broken.add(nodeId);
  }
  return broken;
}

/** Per node over all these intervals, as a source tells them. */
export function countsByNode(intervals: readonly NodeInterval[]): Map<string, Served> {
  const counts = new Map<string, Served>();
  for (const interval of intervals) {
    const abandoned = abandonedBy([interval]);
    const own = { requests: interval.requests + abandoned, failed: interval.errors, abandoned };
    counts.set(interval.nodeId, addServed(counts.get(interval.nodeId) ?? NOTHING_SERVED, own));
  }
  return counts;
}

export const NOTHING_SERVED: Served = { requests: 0, failed: 0, abandoned: 0 };

export function addServed(one: Served, other: Served): Served {
  return {
    requests: one.requests + other.requests,
    failed: one.failed + other.failed,
    abandoned: one.abandoned + other.abandoned,
  };
}

/** What is said of nodes that fail so many. */
export function brokenBy(served: Served): Broken {
  return { why: isUnanswered(served) ? 'unanswered' : 'errors', err: failingShare(served) };
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
