import { isIPv6 } from 'node:net';
import type { Clock } from '../../kernel/clock.js';
import { limits } from '../../kernel/limits.js';

interface Account {
  left: number;
  at: number;
}

/**
 * What each address may ask without an account: so much at once, and so much per second after that.
 * In this process alone, since what is protected is this process's time.
 */
export class StrangerBudget {
  private readonly accounts = new Map<string, Account>();

  constructor(private readonly clock: Clock) {}

  /** Takes `cost`. Answers the seconds until there is enough again; 0: it was taken. */
  take(address: string, cost = 1): number {
    const key = blockOf(address);
    const account = this.accountOf(key);
    // In the order of their last use, so that the first is the one to forget.
    this.accounts.delete(key);
    this.accounts.set(key, account);
    if (account.left >= cost) {
      account.left -= cost;
      return 0;
    }
    return (cost - account.left) / limits.strangerRequestsPerSecond;
  }

  private accountOf(key: string): Account {
    const now = this.clock.monotonic();
    const known = this.accounts.get(key);
    if (known) {
      const gained = ((now - known.at) / 1000) * limits.strangerRequestsPerSecond;
      known.left = Math.min(limits.strangerRequestsBurst, known.left + gained);
      known.at = now;
      return known;
    }
    if (this.accounts.size >= limits.strangerAddresses) {
      this.accounts.delete(this.accounts.keys().next().value!);
    }
    return { left: limits.strangerRequestsBurst, at: now };
  }
}

/** Whoever has one IPv6 address has the 2^64 beside it. An IPv4 address is one even when it is mapped. */
export function blockOf(address: string): string {
  const ip = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%')[0]!;
  if (!isIPv6(ip)) return ip;
  const [head = '', tail = ''] = ip.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => 0);
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  // A dotted tail stands for two groups, which are beyond the block that counts.
  return text.split(':').flatMap((group) => (group.includes('.') ? [0, 0] : [parseInt(group, 16)]));
}
