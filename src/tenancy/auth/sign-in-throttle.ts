import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { Transaction } from '../../platform/database/transaction.js';
import { hostOf, networkOf } from '../../platform/http/client-address.js';
import { PrivateDigest } from './private-digest.js';
import {
  afterFailure,
  type Budget,
  budgetWaitMs,
  type Count,
  FORGET_AFTER_MS,
  HOST,
  NETWORK,
  UNSEEN,
  type Waits,
  waitsOf,
} from './sign-in-budgets.js';

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
      await purge(tx, now - FORGET_AFTER_MS);
      const empty = [...charges].flatMap(([key, budget]) =>
        budget && budgetWaitMs(budget, counts.get(key), now) > 0 ? [key] : [],
      );
      const told = empty.length > 0 ? await tell(tx, empty, now) : new Set<string>();
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
    await this.db.system((tx) =>
      tx.execute('delete from login_throttles where key = any($1)', [places.sort()]),
    );
  }

  /** What has failed once makes room first: a flood of new names must not forgive old guesses. */
  async evict(mostRows = MOST_ROWS): Promise<number> {
    return this.db.system((tx) =>
      tx.execute(
        `delete from login_throttles where key in (
           select key from login_throttles order by failures, failed_at
           limit greatest(0, (select count(*) from login_throttles) - $1) for update skip locked)`,
        [mostRows],
      ),
    );
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

async function readCounts(
  tx: Transaction,
  keys: readonly string[],
  lock = '',
): Promise<Map<string, Count>> {
  const rows = await tx.query<{ key: string; failures: number; failed: Date; spent: Date | null }>(
    `select key, failures, failed_at as failed, spent_until as spent
     from login_throttles where key = any($1) order by key ${lock}`,
    [keys],
  );
  return new Map(
    rows.map(({ key, failures, failed, spent }) => [
      key,
      { failures, failedAt: failed.getTime(), spentUntil: spent?.getTime() ?? 0 },
    ]),
  );
}

/** Locks rows in the order of their keys: two failures at once must not wait for each other. */
async function charge(
  tx: Transaction,
  charges: ReadonlyMap<string, Budget | null>,
  now: number,
): Promise<Map<string, Count>> {
  const keys = [...charges.keys()].sort();
  await tx.execute(
    `insert into login_throttles (key, failures, failed_at)
     select key, 0, $2 from unnest($1::text[]) as new (key) on conflict do nothing`,
    [keys, new Date(now)],
  );
  const before = await readCounts(tx, keys, 'for update');
  const after = keys.map((key) => afterFailure(before.get(key), charges.get(key)!, now));
  await tx.execute(
    `update login_throttles set failures = of.failures, failed_at = $2, spent_until = of.spent
     from unnest($1::text[], $3::int[], $4::timestamptz[]) as of (key, failures, spent)
     where login_throttles.key = of.key`,
    [
      keys,
      new Date(now),
      after.map(({ failures }) => failures),
      after.map(({ spentUntil }) => new Date(spentUntil)),
    ],
  );
  return new Map(keys.map((key, index) => [key, after[index]!]));
}

/** Those of the keys that have not been told of lately. */
async function tell(tx: Transaction, keys: readonly string[], now: number): Promise<Set<string>> {
  const rows = await tx.query<{ key: string }>(
    `update login_throttles set told_at = $2 where key = any($1)
       and (told_at is null or told_at < $3) returning key`,
    [keys, new Date(now), new Date(now - TELL_EVERY_MS)],
  );
  return new Set(rows.map(({ key }) => key));
}

async function purge(tx: Transaction, before: number): Promise<void> {
  await tx.execute(
    `delete from login_throttles where key in (select key from login_throttles
       where failed_at < $1 order by failed_at limit ${PURGE_ROWS} for update skip locked)`,
    [new Date(before)],
  );
}
