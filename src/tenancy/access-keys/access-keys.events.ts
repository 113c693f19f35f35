import { eventType } from '../../platform/events/event.js';
import type { KeyOwnerKind } from './access-keys.dto.js';
import type { AccessKeyEntity } from './access-key.entity.js';
import type { KeyFault } from './key-standings.queries.js';

type Facts = {
  readonly name: string;
  readonly prefix: string;
  readonly ownerKind: KeyOwnerKind;
  readonly ownerId: string;
  readonly permissionSet: string | null;
  readonly permissions: readonly string[] | null;
  readonly modules: readonly string[] | null;
  readonly environments: readonly string[] | null;
  readonly allowedNetworks: readonly string[];
  readonly requestsPerMinute: number | null;
  readonly expiresAt: string;
};

export const accessKeyCreated = eventType<Facts>({
  name: 'access-key-created',
  subject: 'access-key',
  audit: 'access',
});

/** The subject is the new key. */
export const accessKeyRotated = eventType<
  Facts & { readonly rotatedFrom: string; readonly overlapSeconds: number }
>({
  name: 'access-key-rotated',
  subject: 'access-key',
  audit: 'access',
});

export const accessKeyRevoked = eventType<{ readonly name: string; readonly prefix: string }>({
  name: 'access-key-revoked',
  subject: 'access-key',
  audit: 'access',
});

/** Shown and refused; once a minute of each key, however often it comes. */
export const accessKeyRefused = eventType<{
  readonly name: string;
  readonly reason: KeyFault;
  readonly network: string;
}>({
  name: 'access-key-refused',
  subject: 'access-key',
  audit: 'authentication',
});

/** From a network from which it was not used for a day. */
export const accessKeyUsed = eventType<{
  readonly name: string;
  readonly network: string;
  readonly count: number;
}>({ name: 'access-key-used', subject: 'access-key', audit: 'authentication' });

/** Used, once a minute of each network: for whoever counts these. No entry. */
export const accessKeySeen = eventType<{ readonly name: string; readonly network: string }>({
  name: 'access-key-seen',
  subject: 'access-key',
});

/** Never the key, nor its hash. */
export function factsOf(key: AccessKeyEntity): Facts {
  const { name, prefix, ownerKind, ownerId, permissionSet, permissions } = key;
  const { modules, environments, allowedNetworks, requestsPerMinute, expiresAt } = key;
  return {
    name,
    prefix,
    ownerKind,
    ownerId,
    permissionSet,
    permissions,
    modules,
    environments,
    allowedNetworks,
    requestsPerMinute,
    expiresAt: expiresAt.toISOString(),
  };
}
