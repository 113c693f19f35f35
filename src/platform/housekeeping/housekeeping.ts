/**
 * What nobody waits for and must be done: partitions ahead of time, old ones dropped, rows that have
 * had their time removed in batches. Every worker tries; one at a time does it.
 */
import { purgeCredentials } from '../credentials/credentials-end.store.js';
import type { Database } from '../database/database.js';
import type { SystemTransaction } from '../database/transaction.js';
import { purgeAnswers } from '../http/idempotency.store.js';
import { purgeEvents } from '../outbox/events.store.js';
import type { Settings } from '../settings/settings.js';
import { credentialDays, eventDays, idempotencyDays } from './housekeeping.settings.js';
import {
  type DefaultPartition,
  sizesOfDefaultPartitions,
  turnPartitions,
} from './partitions.store.js';

/** Rows per statement: a long delete would hold its locks, and hold up vacuum. */
const BATCH = 1_000;
/** Batches per turn and kind; what is left comes an hour later. */
const BATCHES = 200;
/** Any constant that nobody else uses. */
const LOCK = 7_205_759_403;

export interface HousekeepingReport {
  readonly partitionsMade: number;
  readonly partitionsDropped: number;
  readonly keysPurged: number;
  readonly credentialsPurged: number;
  readonly eventsPurged: number;
}

/** Undefined: another process is at it. Throws what PostgreSQL throws. */
export async function keepHouse(
  database: Database,
  settings: Settings,
): Promise<HousekeepingReport | undefined> {
  const partitions = await database.system((tx) => turnPartitions(tx, LOCK));
  if (!partitions) return undefined;
  return {
    partitionsMade: partitions.made,
    partitionsDropped: partitions.dropped,
    keysPurged: await inBatches(database, (tx) =>
      purgeAnswers(tx, { days: settings.valueOf(idempotencyDays), rows: BATCH }),
    ),
    credentialsPurged: await inBatches(database, (tx) =>
      purgeCredentials(tx, { days: settings.valueOf(credentialDays), rows: BATCH }),
    ),
    eventsPurged: await inBatches(database, (tx) =>
      purgeEvents(tx, { days: settings.valueOf(eventDays), rows: BATCH }),
    ),
  };
}

/**
 * How large the DEFAULT partitions are. Rows in one mean that a partition was missing when they
 * came; their size can be asked without seeing a row of any tenant.
 */
export function readDefaultPartitions(database: Database): Promise<DefaultPartition[]> {
  return database.system(sizesOfDefaultPartitions);
}

async function inBatches(
  database: Database,
  purge: (tx: SystemTransaction) => Promise<number>,
): Promise<number> {
  let purged = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const count = await database.system(purge);
    purged += count;
    if (count < BATCH) break;
  }
  return purged;
}
