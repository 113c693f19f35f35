/**
 * What a group of nodes was like before its move, and whether that can be a yardstick at all. Nodes
 * that were down, or failed far more requests than the gate would ever allow, answer in no time, use
 * no memory and no CPU: compared with them, whatever works is worse.
 */
import type { NodeInterval } from '../../../drivers/metric-sources/metric-source.js';
import type { Broken, Yardstick } from '../gate.js';
import { withAbandoned } from '../abandoned.js';
import { mergeNodes } from '../merge-nodes.js';
import {
  addServed,
  brokenBy,
  brokenNodes,
  brokenShare,
  countsByNode,
  failingShare,
  NOTHING_SERVED,
  REQUESTS_THAT_TELL,
} from '../sound-nodes.js';
import { errorLimit } from './allowance.js';
import { baselineOf } from './baseline.js';
import { blocksOf, type Block, type Blocks, type PastPoll } from './blocks.js';
import type { StabilizationParams } from './stabilization-params.js';

/** Two blocks in a row at the end are no accident: it broke just now, and that is why it is replaced. */
const BROKEN_JUST_NOW = 2;

type Polls = readonly (readonly NodeInterval[])[];

export function yardstickOf(
  polls: Polls,
  params: StabilizationParams,
  down: ReadonlySet<string>,
): Yardstick {
  const share = brokenShare(errorLimit(params));
  const usualPolls = Math.ceil(params.baselineMs / params.pollIntervalMs);
  const leftOut = exceptions(polls.slice(-usualPolls), down, share);
  const sound = polls.map((poll) => pastPoll(poll, leftOut, params));
  const blocks = blocksOf(sound, params);
  const broken = brokenBlocks(blocks, params, share);
  if (broken) return { baseline: null, broken, leftOut: [] };
  const isGood = ({ served }: Block) => failingShare(served) <= share;
  const usual = blocks.all.slice(0, blocks.usual).filter(isGood).length;
  const baseline = baselineOf(blocks.all.filter(isGood), usual);
  if (baseline === null && areMostDown(polls, down)) {
    return { baseline, broken: { why: 'down', err: 1 }, leftOut: [] };
  }
  return { baseline, broken: null, leftOut: [...leftOut] };
}

function pastPoll(
  poll: readonly NodeInterval[],
  leftOut: ReadonlySet<string>,
  params: StabilizationParams,
): PastPoll {
  const nodes = poll.filter(({ nodeId }) => !leftOut.has(nodeId));
  return {
    group: mergeNodes(nodes.map((node) => withAbandoned(node, params))),
    served: [...countsByNode(nodes).values()].reduce(addServed, NOTHING_SERVED),
  };
}

/** Empty when most nodes are broken: then they are the group, and not its exception. */
function exceptions(recent: Polls, down: ReadonlySet<string>, share: number): Set<string> {
  const counts = countsByNode(recent.flat());
  const broken = brokenNodes(counts, down, share);
  const all = new Set([...counts.keys(), ...down]);
  return 2 * broken.size > all.size ? new Set() : broken;
}

/** Without figures it is their own word that tells nodes that are down from nodes that nobody asks. */
function areMostDown(polls: Polls, down: ReadonlySet<string>): boolean {
  const all = new Set([...countsByNode(polls.flat()).keys(), ...down]);
  return down.size > 0 && 2 * down.size > all.size;
}

/**
 * Broken when it was so at the very end, or for half of the baseline's time, unless it has been sound
 * since then for as many blocks as a gate needs to call something stable.
 */
function brokenBlocks(
  { all, usual, rest }: Blocks,
  params: StabilizationParams,
  share: number,
): Broken | null {
  const isBad = ({ served }: Block) => failingShare(served) > share;
  const newest = usual === 0 ? all.slice(0, 1) : all.slice(0, usual);
  if (newest.length === 0) {
    if (rest.n < REQUESTS_THAT_TELL || !isBad(rest)) return null;
    return brokenBy(rest.served);
  }
  const bad = newest.filter(isBad).length;
  const firstSound = newest.findIndex((block) => !isBad(block));
  const brokeJustNow = firstSound === -1 || firstSound >= BROKEN_JUST_NOW;
  const firstBad = newest.findIndex(isBad);
  const recovered = firstBad >= params.consecutiveStableChecks;
  if (!brokeJustNow && (recovered || 2 * bad < newest.length)) return null;
  return brokenBy(newest.map(({ served }) => served).reduce(addServed));
}
