/** What is limited, and how much a minute. The one list: settings, routes and documents derive from it. */

export interface Rate {
  readonly perMinute: number;
  /** For operators: whose requests are counted. */
  readonly counts: string;
}

const rate = (perMinute: number, counts: string): Rate => ({ perMinute, counts });

export const rates = {
  /** An office of some tens behind one address, or a runner that deploys many modules. */
  address: rate(1_000, 'All requests of one address but those of nodes; of IPv6 one /64.'),
  /** An office that signs in at nine o'clock. */
  signIn: rate(60, 'Sign-ins and uses of mailed links from one address.'),
  /** Who mistypes tries four times. Never the name alone, nor with a neighbour's: they could lock its bearer out. */
  account: rate(5, 'Sign-ins to one name from one address; of IPv6 one /64.'),
  tenant: rate(6_000, 'All requests of one tenant but those of its nodes.'),
  deployments: rate(10, 'Deployments that one person starts.'),
  clusters: rate(60, 'Changes of one person to environments, clusters and nodes.'),
  approvals: rate(30, 'Decisions of one person on approvals.'),
  other: rate(600, 'Everything else of one person.'),
  key: rate(600, 'All requests of one access key, pipeline identity or directory.'),
  /** A report every five seconds and a long poll are 15; one that reports as often as it may, 315. */
  node: rate(600, 'All requests of one node, whatever address they come from.'),
} as const;

export type RateName = keyof typeof rates;
export const RATE_NAMES = Object.keys(rates) as readonly RateName[];

/**
 * What a route counts as beside its address and tenant. `other` where a route says nothing; `signIn` is
 * for callers without an account; `none` is never limited.
 */
export type RateClass = 'deployments' | 'clusters' | 'approvals' | 'other' | 'signIn' | 'none';

/** Limits are for production; who develops tries things in a loop; who introduces them looks first. */
export const RATE_PROFILES = ['production', 'development', 'report-only'] as const;
export type RateProfile = (typeof RATE_PROFILES)[number];

export const DEVELOPMENT_TIMES = 10;
