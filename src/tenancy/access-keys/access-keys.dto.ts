import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { canonicalNetwork } from '../../kernel/networks.js';
import { type Permission, PERMISSIONS, PLATFORM_PERMISSIONS } from '../../kernel/permission.js';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import { pageQuery } from '../../platform/http/page.js';
import { KEY_SETS } from './key-power.js';

const KEY_OWNERS = ['user', 'service-account'] as const;
export type KeyOwnerKind = (typeof KEY_OWNERS)[number];

/** A key in a name or a note would be shown for ever. */
const LOOKS_LIKE_KEY = /tg_[0-9A-Za-z]{30}/;
const withoutKey = (value: string) => !LOOKS_LIKE_KEY.test(value);
const KEY_INSIDE = 'must not contain an access key: it would be shown to others';

/** Of keys and service accounts: what journals, audits and lists show in one line. */
export const machineName = z
  .string()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._/@-]{0,63}$/u,
    'must be 1 to 64 letters, digits, blanks and . _ / @ -, the first a letter or a digit',
  )
  .refine(withoutKey, { message: KEY_INSIDE });

const network = text(49).superRefine((value, context) => {
  try {
    canonicalNetwork(value);
  } catch {
    const message =
      'must be an address or a network such as 203.0.113.0/24; none at all: leave it out';
    context.addIssue({ code: 'custom', message });
  }
});

const grantable = PERMISSIONS.filter((one) => !PLATFORM_PERMISSIONS.includes(one)) as [
  Permission,
  ...Permission[],
];

const metadata = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ / -'),
  text(limits.metadataValueCharacters).refine(withoutKey, { message: KEY_INSIDE }),
);

/** What whoever makes a key says of it. */
export const createAccessKeyBody = z
  .strictObject({
    name: machineName,
    permissions: z
      .union([z.enum(KEY_SETS), z.array(z.enum(grantable)).min(1).max(grantable.length)])
      .meta({
        description:
          'A set: `read-only`, `operate`, `deploy` or `admin` hold what the roles Viewer, Operator, Deployer and Admin hold. Or a list of permissions.',
      }),
    modules: z
      .array(dnsLabel)
      .min(1)
      .max(limits.namesPerKey)
      .nullable()
      .default(null)
      .meta({ description: 'Only for these modules. Null: for all that the maker may.' }),
    environments: z
      .array(text(40).min(1))
      .min(1)
      .max(limits.environmentsPerTenant)
      .nullable()
      .default(null)
      .meta({ description: 'Only in these environments. Null: in all where the maker may.' }),
    metadata: metadata
      .refine((given) => Object.keys(given).length <= limits.metadataEntries, {
        message: `must have at most ${limits.metadataEntries} entries`,
      })
      .default({}),
    allowedNetworks: z
      .array(network)
      .max(limits.networksPerKey)
      .default([])
      .meta({ description: 'Good from these addresses only. Empty: from everywhere.' }),
    requestsPerMinute: z.int().min(1).max(limits.accessKeyRate).nullable().default(null).meta({
      description:
        'At most this many requests a minute. Null, or more than the limit of all keys: that limit.',
    }),
    expiresInDays: z
      .int()
      .min(1)
      .max(limits.accessKeyDays)
      .default(limits.accessKeyDaysDefault)
      .meta({ description: 'There is no key without an end; a longer life is a rotation.' }),
  })
  .meta({ id: 'CreateAccessKey' });

export const rotateAccessKeyBody = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(limits.accessKeyOverlapSeconds)
      .default(86_400)
      .meta({ description: 'How long the old key stays good; 0: it is revoked at once.' }),
  })
  .meta({ id: 'RotateAccessKey' });

export const accessKeyParams = z.strictObject({ id: uuid });
export const accessKeysQuery = pageQuery;

export const accessKeyOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().meta({ description: 'The first characters of the key, to know it again.' }),
    ownerKind: z.enum(KEY_OWNERS),
    ownerId: z.uuid(),
    ownerName: z.string().nullable().meta({ description: 'Null: its service account is deleted.' }),
    createdBy: z.string().meta({ description: 'Its maker, as they were called then.' }),
    permissionSet: z.enum(KEY_SETS).nullable().meta({ description: 'Null: a list of its own.' }),
    permissions: z.array(z.enum(PERMISSIONS)).meta({
      description:
        'What it names. At each use it has of them what its owner holds at that moment, and no more.',
    }),
    modules: z.array(z.string()).nullable(),
    environments: z.array(z.string()).nullable(),
    metadata: z.record(z.string(), z.string()),
    allowedNetworks: z.array(z.string()),
    requestsPerMinute: z.int().nullable().meta({ description: 'Null: as many as any key.' }),
    state: z.enum(['good', 'expired', 'revoked']),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
    rotatedFrom: z.uuid().nullable().meta({ description: 'The key that it takes the place of.' }),
    lastUsedAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'To the minute; null: never used.' }),
    lastUsedNetwork: z.string().nullable(),
    lastRefusedAt: z.iso.datetime().nullable().meta({
      description: 'When it was shown last after its end, or from a network that it is not for.',
    }),
  })
  .meta({ id: 'AccessKey' });

export const createdAccessKeyOut = accessKeyOut
  .extend({
    secret: z.string().meta({ description: 'The key itself. Shown only once and kept nowhere.' }),
  })
  .meta({ id: 'CreatedAccessKey' });

export type CreateAccessKeyBody = z.output<typeof createAccessKeyBody>;
export type RotateAccessKeyBody = z.output<typeof rotateAccessKeyBody>;
export type AccessKeyParams = z.output<typeof accessKeyParams>;
export type AccessKeysQuery = z.output<typeof accessKeysQuery>;

export const exampleAccessKey = {
  id: '019a7f3e-5000-7aaa-8bbb-0123456789ab',
  name: 'github deploys',
  prefix: 'tg_3fR0aB1c',
  ownerKind: 'user',
  ownerId: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  ownerName: 'deployer',
  createdBy: 'deployer',
  permissionSet: null,
  permissions: ['deployments:read', 'deployments:create'],
  modules: ['payments'],
  environments: ['QA'],
  metadata: { repository: 'acme/payments' },
  allowedNetworks: ['203.0.113.0/24'],
  requestsPerMinute: 60,
  state: 'good',
  createdAt: '2026-05-04T09:12:33.000Z',
  expiresAt: '2026-08-02T09:12:33.000Z',
  revokedAt: null,
  rotatedFrom: null,
  lastUsedAt: null,
  lastUsedNetwork: null,
  lastRefusedAt: null,
};
