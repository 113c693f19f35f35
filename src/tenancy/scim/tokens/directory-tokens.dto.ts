import { z } from 'zod';
import { limits } from '../../../kernel/limits.js';
import { canonicalNetwork } from '../../../kernel/networks.js';
import { text, uuid } from '../../../kernel/text.js';
import { pageQuery } from '../../../platform/http/page.js';
import { machineName } from '../../access-keys/access-keys.dto.js';

const network = text(49).superRefine((value, context) => {
  try {
    canonicalNetwork(value);
  } catch {
    const message = 'must be an address or a network such as 203.0.113.0/24';
    context.addIssue({ code: 'custom', message });
  }
});

const domain = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i, 'must be a domain')
  .transform((name) => name.toLowerCase());

export const createDirectoryTokenBody = z
  .strictObject({
    name: machineName.meta({ example: 'Entra ID' }),
    allowedNetworks: z.array(network).max(limits.networksPerKey).default([]).meta({
      description:
        'Good from these addresses only. Empty: from where the tenant lets people in (`PUT /security`).',
    }),
    emailDomains: z.array(domain).max(limits.domainsPerDirectory).default([]).meta({
      description:
        'Invitations go to addresses of these domains only, and other people are refused. Empty: to all. Whoever steals the token then can bring in nobody but your own.',
    }),
    expiresInDays: z
      .int()
      .min(1)
      .max(limits.directoryTokenDays)
      .default(limits.directoryTokenDaysDefault),
  })
  .meta({ id: 'CreateDirectoryToken' });
export type CreateDirectoryTokenBody = z.output<typeof createDirectoryTokenBody>;

export const rotateDirectoryTokenBody = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(limits.accessKeyOverlapSeconds)
      .default(86_400)
      .meta({ description: 'How long the old token stays good; 0: it is revoked at once.' }),
  })
  .meta({ id: 'RotateDirectoryToken' });
export type RotateDirectoryTokenBody = z.output<typeof rotateDirectoryTokenBody>;

export const directoryTokenParams = z.strictObject({ id: uuid });
export type DirectoryTokenParams = z.output<typeof directoryTokenParams>;
export const directoryTokensQuery = pageQuery;
export type DirectoryTokensQuery = z.output<typeof directoryTokensQuery>;

export const directoryTokenOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().meta({ description: 'The first characters, to know it again.' }),
    createdBy: z.string(),
    allowedNetworks: z.array(z.string()),
    emailDomains: z.array(z.string()),
    state: z.enum(['good', 'expired', 'revoked']),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
    rotatedFrom: z.uuid().nullable(),
    lastUsedAt: z.iso.datetime().nullable().meta({ description: 'To the minute.' }),
    lastUsedNetwork: z.string().nullable(),
    lastRefusedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'DirectoryToken' });

export const createdDirectoryTokenOut = directoryTokenOut
  .extend({
    url: z.string().meta({ description: 'What the directory is told as its tenant URL.' }),
    secret: z.string().meta({ description: 'The token itself. Shown only once, kept nowhere.' }),
  })
  .meta({ id: 'CreatedDirectoryToken' });

export const exampleToken = {
  id: '019a7f3e-5000-7aaa-8bbb-0123456789ab',
  name: 'Entra ID',
  prefix: 'tgd_3fR0aB1c',
  createdBy: 'admin',
  allowedNetworks: [],
  emailDomains: ['example.org'],
  state: 'good',
  createdAt: '2026-05-04T09:12:33.000Z',
  expiresAt: '2026-10-31T09:12:33.000Z',
  revokedAt: null,
  rotatedFrom: null,
  lastUsedAt: null,
  lastUsedNetwork: null,
  lastRefusedAt: null,
};
