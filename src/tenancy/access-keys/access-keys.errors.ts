import { errorEntry } from '../../kernel/error-entry.js';
import { limits } from '../../kernel/limits.js';
import type { Permission } from '../../kernel/permission.js';

/** What access keys can answer. */

export const accessKeyNotFound = errorEntry({
  code: 'access-key-not-found',
  kind: 'not-found',
  meaning:
    'There is no access key with this id, or it is not yours and you lack `access-keys:manage`. `GET /access-keys` lists those that you may see.',
});

export const accessKeyTooWide = errorEntry({
  code: 'access-key-too-wide',
  kind: 'forbidden',
  meaning:
    'A key never has more than its maker. `details.permissions` are those that you lack, in the modules and environments that the key is for.',
  tell: (permissions: readonly Permission[]) => ({
    text: `The key would hold what you do not hold yourself: ${permissions.join(', ')}. Leave that out, or narrow the key to the modules and environments of your own roles.`,
    details: { permissions },
  }),
});

export const accessKeyLimit = errorEntry({
  code: 'access-key-limit',
  kind: 'limit',
  meaning: 'The owner or the tenant has reached the limit of active keys. Revoke one first.',
  tell: (of: 'owner' | 'tenant') => {
    const limit = of === 'owner' ? limits.accessKeysPerOwner : limits.accessKeysPerTenant;
    const who = of === 'owner' ? 'One owner' : 'A tenant';
    return {
      text: `${who} has at most ${limit} active keys. Revoke one that nobody needs: GET /api/v1/access-keys shows when each was used last.`,
      details: { limit },
    };
  },
});

export const accessKeyOver = errorEntry({
  code: 'access-key-over',
  kind: 'conflict',
  meaning: 'The key is revoked or expired, and cannot be rotated. Make a new one.',
});

export const accessKeyRotated = errorEntry({
  code: 'access-key-rotated',
  kind: 'conflict',
  meaning:
    'The key has been rotated already. Rotate the one that took its place, or make a new one.',
});

export const accessKeyNotYours = errorEntry({
  code: 'access-key-not-yours',
  kind: 'forbidden',
  meaning:
    'Only a key’s own maker can rotate it: whoever holds a key acts in its maker’s name. Revoke it, and have them make another.',
});

export const accessKeyMakerOutside = errorEntry({
  code: 'access-key-maker-outside',
  kind: 'forbidden',
  meaning:
    'A key of your own has what you hold in the tenant, and you are not a member of it. Make a key for a service account there.',
});

export const accessKeyNetworkRefused = errorEntry({
  code: 'access-key-network-refused',
  kind: 'forbidden',
  meaning:
    'The key is good, but not from the address that the request came from (`details.address`). Use it from one of its networks, or make another key.',
  tell: (address: string) => ({
    text: `This access key is not for requests from ${address}. Use it from one of its networks, or make a key for this one.`,
    details: { address },
  }),
});

export const accessKeyOwnerWithoutFactor = errorEntry({
  code: 'access-key-owner-without-factor',
  kind: 'forbidden',
  meaning:
    'The tenant requires a second factor of the key’s owner, who has none. As soon as they have enrolled one, the key works again.',
  tell: () =>
    'The tenant requires a second factor of this key’s owner, who has none. They sign in and enrol one (npx tidegate mfa enrol-totp); within five seconds the key works again.',
});

export const idempotencyKeyRefused = errorEntry({
  code: 'idempotency-key-refused',
  kind: 'invalid',
  meaning:
    'The answer holds a secret that is not stored, so it cannot be repeated. Leave out Idempotency-Key; if an answer was lost, revoke that key and make another.',
});
