import { z } from 'zod';
import { PERMISSIONS, ROLES } from '../../kernel/permission.js';
import { text } from '../../kernel/text.js';
import { recoveryCode, totpCode } from '../factors/factors.dto.js';
import { passkeyAssertion } from '../factors/passkeys.dto.js';

/** Longer than any passphrase; a limit at all, since hashing cost grows with what is hashed. */
const PASSWORD_CHARACTERS = 1024;

export const loginBody = z
  .strictObject({
    username: text(254).min(1).meta({ description: 'A username or an e-mail address.' }),
    password: text(PASSWORD_CHARACTERS).min(1),
    tenant: text(63).min(1).optional().meta({
      description:
        'A tenant’s slug. Needed only by members of several tenants who do not sign in at its subdomain.',
    }),
    totp: totpCode
      .optional()
      .meta({ description: 'The code of an authenticator app, after `factor-required`.' }),
    recoveryCode: recoveryCode
      .optional()
      .meta({ description: 'Instead of a code, when the phone is gone. Each is good once.' }),
    passkey: passkeyAssertion.optional().meta({
      description: 'Instead of a code: what `POST /authentication/passkey/options` asks.',
    }),
  })
  .meta({ id: 'Login' });

export const passkeyLoginBody = z
  .strictObject({
    passkey: passkeyAssertion,
    tenant: text(63).min(1).optional().meta({
      description:
        'A tenant’s slug. Needed only by members of several tenants who do not sign in at its subdomain.',
    }),
  })
  .meta({ id: 'PasskeyLogin' });

export type PasskeyLoginBody = z.infer<typeof passkeyLoginBody>;

export type LoginBody = z.infer<typeof loginBody>;

export const refreshBody = z
  .strictObject({ refreshToken: text(200).min(1) })
  .meta({ id: 'Refresh' });

export type RefreshBody = z.infer<typeof refreshBody>;

export const signedInUser = z
  .strictObject({
    id: z.uuid(),
    username: z.string(),
    tenant: z.string().meta({ description: 'The slug of the tenant that the token is for.' }),
    roles: z.array(z.string()).meta({
      description: 'Built-in roles and the tenant’s own, held by yourself or by a group.',
    }),
    permissions: z.array(z.enum(PERMISSIONS)).meta({
      description:
        'Held for at least some module in some environment; `GET /me/can` tells for which.',
    }),
    accessKey: z
      .strictObject({
        id: z.uuid(),
        name: z.string(),
        ownerKind: z.enum(['user', 'service-account']),
        ownerName: z.string(),
        expiresAt: z.iso.datetime(),
      })
      .optional()
      .meta({ description: 'With an access key: which one it is.' }),
  })
  .meta({ id: 'SignedInUser' });

export type SignedInUser = z.infer<typeof signedInUser>;

export const tokens = z
  .strictObject({
    accessToken: z.string(),
    expiresIn: z.int().meta({ description: 'Seconds until the access token is over.' }),
    refreshToken: z.string().meta({ description: 'Good for one refresh.' }),
    user: signedInUser,
    recoveryCodesLeft: z
      .int()
      .optional()
      .meta({ description: 'After a sign-in with a recovery code: how many are left.' }),
  })
  .meta({ id: 'Tokens' });

export type Tokens = z.infer<typeof tokens>;

export const demoCredentials = z
  .strictObject({
    items: z.array(
      z.strictObject({ username: z.string(), password: z.string(), role: z.enum(ROLES) }),
    ),
  })
  .meta({ id: 'DemoCredentials' });

export const jwks = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        x: z.string(),
        y: z.string(),
        kid: z.string(),
        alg: z.literal('ES256'),
        use: z.literal('sig'),
      }),
    ),
  })
  .meta({ id: 'JsonWebKeys' });
