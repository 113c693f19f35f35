import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { DomainError } from '../../kernel/errors.js';
import { CLOCK } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import type { Transaction } from '../../platform/database/transaction.js';

/** Failures that cost nothing, the longest wait after that, and when all is forgotten. */
interface Brake {
  readonly freeFailures: number;
  readonly longestWaitMs: number;
}

/** One network that guesses is stopped for long. */
const NETWORK_BRAKE: Brake = { freeFailures: 5, longestWaitMs: 15 * 60_000 };
/** Many networks that guess are slowed; the owner must not be locked out by them. */
const ACCOUNT_BRAKE: Brake = { freeFailures: 50, longestWaitMs: 30_000 };
const FORGET_AFTER_MS = 24 * 3_600_000;
const PURGE_ROWS = 100;

/** The wait that follows the n-th failure: nothing, then 1 s, doubling. */
export function waitAfter(failures: number, brake: Brake): number {
  const over = failures - brake.freeFailures;
  return over <= 0 ? 0 : Math.min(brake.longestWaitMs, 1000 * 2 ** Math.min(over - 1, 30));
}

/** The network a client is in: what one household or host gets (IPv4 /24, IPv6 /64). */
export function clientNetwork(address: string): string {
  const ip = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(ip)) return ip.split('.').slice(0, 3).join('.');
  const [head = '', tail] = ip.split('::');
  const groups = head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    while (groups.length + rest.length < 8) groups.push('0');
    groups.push(...rest);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group || '0', 16).toString(16))
    .join(':');
}

/**
 * Slows guessing, for names that exist and names that do not alike. In PostgreSQL, so that all
 * processes count together. Attempts that run at the same moment may pass together; the bound on
 * password hashing limits how many those are.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws 429 while the account, or the account from this network, has to wait. */
  async check(account: string, address: string): Promise<void> {
    const [row] = await this.db.system((tx) =>
      tx.query<{ until: Date | null }>(
        'select max(throttled_until) as until from login_throttles where key = any($1)',
        [keysOf(account, address)],
      ),
    );
    const waitMs = (row?.until?.getTime() ?? 0) - this.clock.now();
    if (waitMs <= 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new DomainError(
      'limit',
      'login-throttled',
      `Too many failed logins. Try again in ${retryAfterSeconds} s.`,
      { details: { retryAfterSeconds } },
    );
  }

  async failed(account: string, address: string): Promise<void> {
    const now = this.clock.now();
    const keys = keysOf(account, address);
    await this.db.system(async (tx) => {
      // Ordered keys: two failures at once must not wait for each other's rows.
      for (const key of [...keys].sort()) {
        const brake = key === keys[0] ? NETWORK_BRAKE : ACCOUNT_BRAKE;
        const [row] = await tx.query<{ failures: number }>(
          `insert into login_throttles as held (key, failures, failed_at) values ($1, 1, $2)
           on conflict (key) do update set failed_at = excluded.failed_at,
             failures = case when held.failed_at < $3 then 1 else held.failures + 1 end
           returning failures`,
          [key, new Date(now), new Date(now - FORGET_AFTER_MS)],
        );
        const waitMs = waitAfter(row?.failures ?? 1, brake);
        if (waitMs > 0) {
          await tx.execute('update login_throttles set throttled_until = $2 where key = $1', [
            key,
            new Date(now + waitMs),
          ]);
        }
      }
      await purge(tx, now - FORGET_AFTER_MS);
    });
  }

  /** A right password forgives this network; the account's own count fades by itself. */
  async succeeded(account: string, address: string): Promise<void> {
    await this.db.system((tx) =>
      tx.execute('delete from login_throttles where key = $1', [keysOf(account, address)[0]]),
    );
  }
}

async function purge(tx: Transaction, before: number): Promise<void> {
  await tx.execute(
    `delete from login_throttles where key in (select key from login_throttles
       where failed_at < $1 limit ${PURGE_ROWS} for update skip locked)`,
    [new Date(before)],
  );
}

/** [account in this network, account]: hashed, since people type passwords into the name field. */
function keysOf(account: string, address: string): [string, string] {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  return [digest(`network\n${clientNetwork(address)}\n${account}`), digest(`account\n${account}`)];
}
