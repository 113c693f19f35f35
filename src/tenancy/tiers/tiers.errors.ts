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
  meaning: 'There is a tier of that id or name already. Choose another one.',
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
  meaning: 'The tier `custom` is what tenants have whom nobody gave another one: it stays.',
});

export const tierLimit = errorEntry({
  code: 'tier-limit',
  kind: 'limit',
  meaning: 'There are as many tiers as there may be. Delete one that no tenant has.',
  tell: () => `There are at most ${limits.tiers} tiers. Delete one that no tenant has.`,
});
