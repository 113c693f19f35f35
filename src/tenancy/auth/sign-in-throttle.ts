import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import { hostOf, networkOf } from '../../platform/http/client-address.js';
import { PrivateDigest } from './private-digest.js';
import {
  afterFailure,
  type Budget,
  budgetWaitMs,
  FORGET_AFTER_MS,
  HOST,
  NETWORK,
  UNSEEN,
  type Waits,
  waitsOf,
} from './sign-in-budgets.js';
import {
  type CountsByKey,
  evictCounts,
  forgiveCounts,
  lockCounts,
  purgeCounts,
  readCounts,
  tellOf,
  writeCounts,
} from './sign-in-budgets.store.js';

/** Of an attack that goes on the audit log is told once an hour. */
const TELL_EVERY_MS = 3_600_000;
const PURGE_ROWS = 100;
/** About 100 MB. What strangers try makes rows, so they have an end. */
const MOST_ROWS = 500_000;
const EVICT_EVERY_FAILURES = 1_000;

/** Who wants in, and from where. */
export interface Attempt {
  /** An accountKey: what was typed, whether or not somebody bears it. */
  readonly account: string;
  readonly address: string;
  /** The account has signed in from this address before. */
  readonly isKnown: boolean;
}

/** What a failure has used up, for the first time in an hour. */
export interface UsedUp {
  readonly account: boolean;
  readonly address: boolean;
  /** The account's failures are being folded: guesses come from everywhere. */
  readonly isAttacked: boolean;
}

/**
 * Counts failed sign-ins, for names that exist and names that do not alike. In PostgreSQL, so that
 * all processes count together and a restart forgives nothing.
 */
@Injectable()
export class SignInThrottle {
  private failures = 0;

  constructor(
    private readonly db: Database,
    private readonly digest: PrivateDigest,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async waits(attempt: Attempt): Promise<Waits> {
    const { place, unseen, host, network } = this.keysOf(attempt);
    const counts = await this.db.system((tx) => readCounts(tx, [place, unseen, host, network]));
    const of = (key: string) => counts.get(key);
    return waitsOf(
      { place: of(place), unseen: of(unseen), host: of(host), network: of(network) },
      attempt.isKnown,
      this.clock.now(),
    );
  }

  async failed(attempt: Attempt): Promise<UsedUp> {
    const now = this.clock.now();
    const { place, unseen, host, network } = this.keysOf(attempt);
    const charges = new Map<string, Budget | null>([
      [place, null],
      [host, HOST],
      [network, NETWORK],
    ]);
    if (!attempt.isKnown) charges.set(unseen, UNSEEN);
    const usedUp = await this.db.system(async (tx) => {
      const counts = await charge(tx, charges, now);
      await purgeCounts(tx, { before: now - FORGET_AFTER_MS, rows: PURGE_ROWS });
      const empty = [...charges].flatMap(([key, budget]) =>
        budget && budgetWaitMs(budget, counts.get(key), now) > 0 ? [key] : [],
      );
      const told =
        empty.length > 0
          ? await tellOf(tx, empty, { now, before: now - TELL_EVERY_MS })
          : new Set<string>();
      return {
        account: told.has(unseen),
        address: told.has(host) || told.has(network),
        isAttacked: empty.includes(unseen),
      };
    });
    this.failures += 1;
    if (this.failures % EVICT_EVERY_FAILURES === 0) await this.evict();
    return usedUp;
  }

  /** A right password forgives this place; what others have spent comes back by itself. */
  async succeeded(attempt: Attempt): Promise<void> {
    const places = [true, false].map((isKnown) => this.keysOf({ ...attempt, isKnown }).place);
    await this.db.system((tx) => forgiveCounts(tx, places));
  }

  /** What has failed once makes room first: a flood of new names must not forgive old guesses. */
  async evict(mostRows = MOST_ROWS): Promise<number> {
    return this.db.system((tx) => evictCounts(tx, mostRows));
  }

  private keysOf({ account, address, isKnown }: Attempt) {
    const host = hostOf(address);
    const network = networkOf(address);
    return {
      place: isKnown
        ? this.digest.of('known-place', account, host)
        : this.digest.of('place', account, network),
      unseen: this.digest.of('unseen', account),
      host: this.digest.of('host', host),
      network: this.digest.of('network', network),
    };
  }
}

async function charge(
  tx: SystemTransaction,
  charges: ReadonlyMap<string, Budget | null>,
  now: number,
): Promise<CountsByKey> {
  const before = await lockCounts(tx, [...charges.keys()], now);
  const after = new Map(
    [...charges].map(([key, budget]) => [key, afterFailure(before.get(key), budget, now)]),
  );
  await writeCounts(tx, after, now);
  return after;
}
