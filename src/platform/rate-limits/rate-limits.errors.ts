import { errorEntry } from '../../kernel/error-entry.js';
import type { RateName } from './rates.js';

const WHO: Readonly<Record<RateName, string>> = {
  address: 'this address may send',
  signIn: 'may sign in from this address',
  account: 'may sign in to this name from your address',
  tenant: 'this tenant may send',
  deployments: 'one person may send to start deployments',
  clusters: 'one person may send to change environments, clusters and nodes',
  approvals: 'one person may send to decide approvals',
  other: 'one person may send',
  key: 'this key may send',
  node: 'one node may send',
};

export const rateLimited = errorEntry({
  code: 'rate-limited',
  kind: 'limit',
  meaning:
    'More requests a minute than are allowed: `details.limit` says which limit, `details.perMinute` how much it is. Wait as long as Retry-After says; docs/limits.md says what is counted and who can raise it.',
  tell: (limit: RateName, perMinute: number, seconds: number) => {
    const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
    return {
      text: `More requests than the ${perMinute} a minute that ${WHO[limit]}. Try again in ${retryAfterSeconds} s.`,
      details: { limit, perMinute, retryAfterSeconds },
    };
  },
});
