import { z } from 'zod';
import { pageOf } from '../../platform/http/page.js';

export const rotateTokenKeyBody = z
  .strictObject({
    revokeOld: z.boolean().default(false).meta({
      description:
        'Only if a key was stolen: the new one signs at once, and every token that another one has signed is refused within five seconds. Whoever has a refresh token gets a new one with it.',
    }),
  })
  .meta({ id: 'RotateTokenKey' });

export const tokenSigningKey = z
  .strictObject({
    id: z.uuid(),
    kid: z.string().meta({ description: 'The RFC 7638 thumbprint of the public half.' }),
    origin: z.enum(['file', 'schedule', 'command']),
    state: z.enum(['coming', 'signing', 'verifying', 'retired', 'revoked']).meta({
      description:
        '`coming` signs from `signsFrom` on; `verifying` signs no more, and its tokens are good until `verifiesUntil`; of the last two none is.',
    }),
    createdAt: z.iso.datetime(),
    signsFrom: z.iso.datetime(),
    verifiesUntil: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'TokenSigningKey' });

export const tokenSigningKeyPage = pageOf(tokenSigningKey).meta({ id: 'TokenSigningKeyPage' });

export type RotateTokenKeyBody = z.output<typeof rotateTokenKeyBody>;

export const exampleTokenSigningKey = {
  id: '019a7f3e-5000-7aaa-8bbb-0123456789ab',
  kid: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
  origin: 'command' as const,
  state: 'coming' as const,
  createdAt: '2026-05-04T09:12:33.000Z',
  signsFrom: '2026-05-04T09:14:33.000Z',
  verifiesUntil: null,
  revokedAt: null,
};
