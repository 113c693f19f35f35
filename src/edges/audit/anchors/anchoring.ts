import { messageOf } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import type { Database } from '../../../platform/database/database.js';
import type { Logger } from '../../../platform/logging/logger.js';
import { publishTrees } from '../log/trees.store.js';
import type { AnchorSink } from './anchor-sink.js';
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
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 10 * 60_000;

export interface AnchoringPorts {
  readonly database: Database;
  readonly sinks: readonly AnchorSink[];
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
  for (const claim of claims) await bring(ports, claim);
  return claims.length;
}

async function bring(
  { database, sinks, log, onAnchor }: AnchoringPorts,
  anchor: DueAnchor,
): Promise<void> {
  const { tenantId, sink, size, note, failures } = anchor;
  const line = { tenantId, sink, size };
  try {
    const isKept = await sinks.find(({ name }) => name === sink)!.put(tenantId, size, note);
    if (isKept) {
      await database.system((tx) => noteAnchored(tx, anchor));
      return onAnchor(sink, 'anchored');
    }
    onAnchor(sink, 'contradicted');
    log.error(line, 'an audit log is not what it was: another checkpoint of that size is anchored');
  } catch (error) {
    onAnchor(sink, 'failed');
    log.warn(
      { ...line, error: messageOf(error) },
      'a checkpoint could not be anchored; it is tried again',
    );
  }
  const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20));
  await database.system((tx) => postponeAnchor(tx, anchor, delayMs));
}
