import { z } from 'zod';
import { dnsLabel, text } from '../../kernel/text.js';
import { pageOf } from '../../platform/http/page.js';

export const newSigningKey = z
  .strictObject({
    name: dnsLabel.meta({ description: 'A DNS label, unique among all keys ever registered.' }),
    publicKey: text(1000)
      .min(1)
      .meta({ description: 'Ed25519: PEM (SPKI), or the 32 bytes as base64url.' }),
  })
  .meta({ id: 'NewSigningKey' });

export const signingKey = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    publicKey: z.string().meta({ description: '32 bytes as base64url.' }),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'SigningKey' });

export const signingKeyPage = pageOf(signingKey).meta({ id: 'SigningKeyPage' });

export type NewSigningKey = z.output<typeof newSigningKey>;
export type SigningKey = z.output<typeof signingKey>;

export const exampleSigningKey = {
  id: '019a7f3e-5000-7aaa-8bbb-0123456789ab',
  name: 'build-server',
  publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  createdBy: 'admin',
  createdAt: '2026-05-04T09:12:33.000Z',
  revokedAt: null,
};
