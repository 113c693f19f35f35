import { messageOf } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import type { Database } from '../../../platform/database/database.js';
import type { Logger } from '../../../platform/logging/logger.js';
import { publishTrees } from '../log/trees.store.js';
import { type Acknowledged, type AnyAnchorSink, isWriteOnly } from './anchor-sink.js';
import {
  claimAnchors,
  type DueAnchor,
  noteAnchored,
  planAnchors,
  postponeAnchor,
} from './anchors.store.js';

const AT_ONCE = 100;
/** Longer than any place may take: who has died holds it for so long. */
const LEASE_MS = 60_000;
/** For those of one place, one after the other; what is left waits until its lease is over. */
const LANE_MS = 30_000;
/** So many in vain, and the place is left alone for this turn. */
const LANE_FAILURES = 3;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 10 * 60_000;

export interface AnchoringPorts {
  readonly database: Database;
  readonly sinks: readonly AnyAnchorSink[];
  readonly log: Logger;
  readonly onAnchor: (sink: string, outcome: 'anchored' | 'failed' | 'contradicted') => void;
}

/** Has the newest checkpoint of each tree that is due brought to every place. */
export async function publishCheckpoints({ database, sinks }: AnchoringPorts): Promise<number> {
  return database.system(async (tx) => {
    const due = await publishTrees(tx, limits.auditCheckpointMs, AT_ONCE);
    if (due.length === 0) return 0;
    await planAnchors(
      tx,
      due,
      sinks.map(({ name }) => name),
    );
    return due.length;
  });
}

/** Brings some to where they belong; one that cannot be brought is tried again, later each time. */
export async function bringAnchors(ports: AnchoringPorts): Promise<number> {
  const { database, sinks } = ports;
  const names = sinks.map(({ name }) => name);
  const claims = await database.system((tx) =>
    claimAnchors(tx, { sinks: names, take: AT_ONCE, leaseMs: LEASE_MS }),
  );
  const lanes = names.map((name) => claims.filter(({ sink }) => sink === name));
  await Promise.all(lanes.map((lane) => bringInTurn(ports, lane)));
  return claims.length;
}

/** Each place by itself: one that hangs holds up no other. */
async function bringInTurn(ports: AnchoringPorts, lane: readonly DueAnchor[]): Promise<void> {
  const until = performance.now() + LANE_MS;
  let failures = 0;
  for (const claim of lane) {
    if (performance.now() > until || failures >= LANE_FAILURES) return;
    if (!(await bring(ports, claim))) failures += 1;
  }
}

/** False: nobody knows whether it is there. */
async function bring(
  { database, sinks, log, onAnchor }: AnchoringPorts,
  anchor: DueAnchor,
): Promise<boolean> {
  const { tenantId, sink, size, failures } = anchor;
  const line = { tenantId, sink, size };
  let isKnown = true;
  try {
    const place = sinks.find(({ name }) => name === sink)!;
    const { isKept, countersigned } = await broughtTo(place, anchor);
    if (isKept) {
      await database.system((tx) => noteAnchored(tx, { ...anchor, countersigned }));
      onAnchor(sink, 'anchored');
      return true;
    }
    onAnchor(sink, 'contradicted');
    log.error(line, 'an audit log is not what it was: another checkpoint of that size is anchored');
  } catch (error) {
    isKnown = false;
    onAnchor(sink, 'failed');
    log.warn(
      { ...line, error: messageOf(error) },
      'a checkpoint could not be anchored; it is tried again',
    );
  }
  const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20));
  await database.system((tx) => postponeAnchor(tx, anchor, delayMs));
  return isKnown;
}

async function broughtTo(
  sink: AnyAnchorSink,
  { tenantId, size, note }: DueAnchor,
): Promise<Acknowledged> {
  if (isWriteOnly(sink)) return sink.bring(tenantId, size, note);
  return { isKept: await sink.put(tenantId, size, note), countersigned: null };
}
