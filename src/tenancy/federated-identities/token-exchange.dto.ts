import { z } from 'zod';
import { dnsLabel, text } from '../../kernel/text.js';
import { EXCHANGE } from './exchange-limits.js';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
export const JWT_TYPES: readonly string[] = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
];

export const tokenRequest = z
  .strictObject({
    grant_type: text(100).meta({ description: `\`${TOKEN_EXCHANGE}\`` }),
    subject_token: text(EXCHANGE.tokenCharacters).min(1).meta({
      description: 'The OIDC token of the job, or an access token that is to be renewed.',
    }),
    subject_token_type: text(100).meta({
      description: `\`${JWT_TYPES.join('`, `')}\`; to renew an access token \`${ACCESS_TOKEN_TYPE}\`.`,
    }),
    requested_token_type: text(100).optional(),
    tenant: dnsLabel.optional().meta({
      description: 'Slug of the tenant. Not needed when the audience is `tidegate:<slug>…`.',
    }),
    identity: dnsLabel.optional().meta({
      description:
        'Name of the federated identity. Without it the oldest that lets the token in is taken.',
    }),
  })
  .meta({ id: 'TokenExchange' });

export const exchangedToken = z
  .strictObject({
    access_token: z.string(),
    issued_token_type: z.literal(ACCESS_TOKEN_TYPE),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds; never beyond the subject token.' }),
    tenant: z.string(),
    identity: z.string(),
    rule: z.string(),
    renewable_for: z.int().meta({
      description:
        'Seconds for which the access token, before it is over, can be exchanged for the next. 0: ask the runner for a new token of its own instead.',
    }),
  })
  .meta({ id: 'ExchangedToken' });

export type TokenRequest = z.output<typeof tokenRequest>;
export type ExchangedToken = z.output<typeof exchangedToken>;
