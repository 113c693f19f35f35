import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';

/** What tiers can answer. */

export const tierNotFound = errorEntry({
  code: 'tier-not-found',
  kind: 'not-found',
  meaning: 'There is no tier with this id. `GET /tiers` lists them.',
  tell: (id: string) => `There is no tier "${id.slice(0, 40)}". GET /api/v1/tiers lists them.`,
});

export const tierExists = errorEntry({
  code: 'tier-exists',
  kind: 'conflict',
  meaning: 'A tier of that id or name exists. Choose another one.',
});

export const tierInUse = errorEntry({
  code: 'tier-in-use',
  kind: 'conflict',
  meaning: 'Tenants have this tier. Give them another one first (`details.tenants`).',
  tell: (tenants: number) => ({
    text: `${tenants} ${tenants === 1 ? 'tenant has' : 'tenants have'} this tier. Give them another one first.`,
    details: { tenants },
  }),
});

export const tierBuiltIn = errorEntry({
  code: 'tier-built-in',
  kind: 'conflict',
  meaning: 'The tier `custom` is for tenants that were given no other: it cannot be deleted.',
});

export const tierLimit = errorEntry({
  code: 'tier-limit',
  kind: 'limit',
  meaning: 'The limit of tiers is reached. Delete one that no tenant has.',
  tell: () => `There are at most ${limits.tiers} tiers. Delete one that no tenant has.`,
});
