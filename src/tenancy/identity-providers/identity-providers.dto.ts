import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { text, uuid } from '../../kernel/text.js';
import { pageQuery } from '../../platform/http/page.js';

const claimName = text(200).min(1).meta({
  description: 'A claim of the ID token; `realm_access.roles` reads a claim inside another.',
});
const claimValue = text(limits.claimValueCharacters).min(1);
const names = z.array(text(63).min(1)).min(1).max(200).nullable();

export const claimCondition = z.strictObject({ claim: claimName, value: claimValue }).meta({
  id: 'ClaimCondition',
  description: 'The claim is this value, or a list with it; letter for letter.',
});

export const factorStatement = z
  .discriminatedUnion('counts', [
    z.strictObject({ counts: z.literal('always') }),
    z.strictObject({ counts: z.literal('never') }),
    z.strictObject({
      counts: z.literal('when-said'),
      amr: z.array(claimValue).max(20).default([]),
      acr: z.array(claimValue).max(20).default([]),
    }),
  ])
  .meta({
    id: 'FactorStatement',
    description:
      'Whether a sign-in there counts as one with a second factor: always, never, or when `amr` holds, or `acr` is, one of these.',
  });

export const admission = z
  .discriminatedUnion('by', [
    z.strictObject({ by: z.literal('domain') }),
    z.strictObject({ by: z.literal('claim'), ...claimCondition.shape }),
  ])
  .meta({
    id: 'Admission',
    description:
      'Who becomes a member by signing in: whose e-mail address the provider has verified and is of a verified domain of the tenant, or whose claim has a value.',
  });

export const claimRule = z
  .strictObject({
    when: claimCondition.nullable().meta({ description: 'Null: everybody who signs in there.' }),
    role: text(63).min(1).nullable().default(null),
    modules: names.default(null),
    environments: names.default(null),
    group: text(63).min(1).nullable().default(null),
  })
  .refine(({ role, group }) => (role === null) !== (group === null), {
    message: 'gives either a role or a group',
  })
  .meta({
    id: 'ClaimRule',
    description:
      'Gives a role, within a scope, or the membership in a group, for as long as sign-ins meet it.',
  });

const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'must be a scope of OAuth 2');

const claims = z
  .strictObject({
    username: claimName.default('preferred_username'),
    email: claimName.default('email'),
    emailVerified: claimName.default('email_verified'),
    displayName: claimName.default('name'),
  })
  .meta({ description: 'Which claims say what of a person.' });

const emergency = z
  .strictObject({
    usernames: z.array(text(63).min(1)).max(limits.emergencyNames).default([]),
    roles: z.array(text(63).min(1)).max(limits.emergencyNames).default([]),
  })
  .meta({
    id: 'EmergencyAccess',
    description:
      'Who may come in without a required provider: for the day on which it does not answer. One of the accounts must be able to manage providers, by a password or passkey of its own.',
  });

/** What a provider lays down. Bodies, answers and the entity follow from it. */
export const identityProviderRules = z.strictObject({
  name: text(63).min(1).meta({ description: 'What people choose on the sign-in page.' }),
  issuer: text(500).min(1).meta({
    description: 'The address that its tokens have as `iss`, to the letter.',
  }),
  clientId: text(300).min(1),
  scopes: z.array(scope).max(20),
  claims,
  factor: factorStatement,
  admissions: z.array(admission).max(limits.admissionsPerProvider),
  rules: z.array(claimRule).max(limits.claimRulesPerProvider),
  isEnabled: z.boolean(),
  isRequired: z.boolean().meta({
    description:
      'Whether people must sign in here, or at another required provider, for anything but their account. Platform admins answer to the platform’s.',
  }),
  emergency,
});

const { shape: rules } = identityProviderRules;
const clientSecret = text(2_000).min(1).meta({
  description: 'Sealed at once and never answered. A client without a secret has none.',
});

export const identityProvidersQuery = pageQuery;
export const identityProviderParams = z.strictObject({ id: uuid });

export const createIdentityProviderBody = z
  .strictObject({
    ...rules,
    clientSecret: clientSecret.optional(),
    scopes: rules.scopes.default(['openid', 'profile', 'email']),
    claims: claims.prefault({}),
    factor: rules.factor.default({ counts: 'never' }),
    admissions: rules.admissions.default([]),
    rules: rules.rules.default([]),
    isEnabled: rules.isEnabled.default(true),
    isRequired: rules.isRequired.default(false),
    emergency: emergency.prefault({}),
  })
  .meta({ id: 'CreateIdentityProvider' });

export const replaceIdentityProviderBody = z
  .strictObject({
    ...rules,
    clientSecret: clientSecret.optional().meta({
      description: 'Absent: it stays as it is, unless the issuer changes.',
    }),
  })
  .meta({ id: 'ReplaceIdentityProvider' });

export const identityProviderOut = z
  .strictObject({
    id: z.uuid(),
    ...rules,
    hasSecret: z.boolean(),
    redirectUri: z.string().meta({ description: 'To be entered at the provider, to the letter.' }),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'IdentityProvider' });

export const providerTestOut = z
  .strictObject({
    isUsable: z.boolean(),
    checks: z.array(
      z.strictObject({
        name: z.enum(['discovery', 'endpoints', 'algorithms', 'keys', 'secret']),
        isPassed: z.boolean(),
        says: z.string(),
      }),
    ),
  })
  .meta({ id: 'IdentityProviderTest' });

export type IdentityProvidersQuery = z.output<typeof identityProvidersQuery>;
export type IdentityProviderParams = z.output<typeof identityProviderParams>;
export type CreateIdentityProviderBody = z.output<typeof createIdentityProviderBody>;
export type ReplaceIdentityProviderBody = z.output<typeof replaceIdentityProviderBody>;
