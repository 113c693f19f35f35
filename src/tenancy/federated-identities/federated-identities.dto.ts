import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import { pageOf } from '../../platform/http/page.js';
import { GRANTABLE, PERMISSION_SET_NAMES } from './grantable.js';
import { ISSUER_KINDS } from './issuer-kinds.js';
import { EXCHANGE } from './exchange-limits.js';

const CLAIM_CHARACTERS = 100;
const VALUE_CHARACTERS = 512;

const CLAIM = 'must be the name of a claim, or the path to one within another: /claim/within';

/** A name begins with a letter and a path with `/`: whatever is in a name, it is never taken for a path. */
const claimName = z
  .string()
  .max(CLAIM_CHARACTERS)
  .regex(/^(?:[A-Za-z][\w.:/-]*|(?:\/(?:[!-.0-}]|~[01])+){2,4})$/, CLAIM)
  .refine((name) => !(name in Object.prototype), { message: CLAIM });

export const clause = z
  .strictObject({
    claim: claimName.meta({
      description:
        'The name of a claim. Of a generic issuer also a JSON pointer to a value within one, at most four deep: `/kubernetes.io/namespace` is `namespace` in `kubernetes.io`; a slash in a name is `~1`, a tilde `~0`.',
    }),
    oneOf: z
      .array(z.union([text(VALUE_CHARACTERS).min(1), z.boolean(), z.int()]))
      .min(1)
      .max(limits.valuesPerClause)
      .meta({
        description:
          'What the claim may be. Refs of GitHub and `ref_path` of GitLab may end with "*" after refs/heads/ or refs/tags/.',
      }),
    label: text(200).optional().meta({
      description: 'For people: the name that belongs to an id. Nothing is compared with it.',
    }),
  })
  .meta({ id: 'FederationClause' });

export const rule = z
  .strictObject({
    name: dnsLabel.meta({ description: 'Stands in the token and in the audit trail.' }),
    clauses: z
      .array(clause)
      .min(1)
      .max(limits.clausesPerRule)
      .meta({ description: 'All of them must hold.' }),
  })
  .meta({ id: 'FederationRule' });

const rules = z
  .array(rule)
  .min(1)
  .max(limits.rulesPerIdentity)
  .meta({ description: 'A token that meets one of them is let in.' });
const permissions = z
  .union([z.enum(PERMISSION_SET_NAMES), z.array(z.enum(GRANTABLE)).min(1)])
  .meta({ description: 'A set by its name, or a list.' });
const modules = z
  .array(dnsLabel)
  .min(1)
  .max(limits.modulesPerIdentity)
  .nullable()
  .meta({ description: 'Names; they need not exist yet. Null: all.' });
const environments = z
  .array(text(40).min(1))
  .min(1)
  .max(limits.environmentsPerTenant)
  .nullable()
  .meta({ description: 'Names, exactly as they are. Null: all.' });

export const createFederatedIdentityBody = z
  .strictObject({
    name: dnsLabel.meta({ description: 'Its tokens act as `ci:<name>`.' }),
    description: text(500).default(''),
    issuerKind: z.enum(ISSUER_KINDS),
    issuer: text(limits.issuerCharacters).min(1).optional().meta({
      description:
        '`iss` of the tokens, exactly. Without it github.com or gitlab.com; a generic issuer needs it.',
    }),
    audience: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
      .max(limits.audienceCharacters)
      .optional()
      .meta({
        description:
          '`aud` of the tokens, exactly. Without it `tidegate:<tenant>:github`, `tidegate:<tenant>:gitlab` or `tidegate:<tenant>:<host of the issuer>`.',
      }),
    rules,
    permissions,
    modules: modules.default(null),
    environments: environments.default(null),
  })
  .meta({ id: 'CreateFederatedIdentity' });

export const replaceFederatedIdentityBody = z
  .strictObject({
    description: text(500).default(''),
    rules,
    permissions,
    modules,
    environments,
  })
  .meta({ id: 'ReplaceFederatedIdentity' });

export const federatedIdentityOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    issuerKind: z.enum(ISSUER_KINDS),
    issuer: z.string(),
    audience: z.string().meta({ description: 'What the job must ask its runner’s token for.' }),
    rules,
    permissions: z.array(z.string()),
    modules: z.array(z.string()).nullable(),
    environments: z.array(z.string()).nullable(),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    disabledAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
    version: z.int().meta({ description: 'Grows with each change: what If-Match compares.' }),
  })
  .meta({ id: 'FederatedIdentity' });

export const federatedIdentityPage = pageOf(federatedIdentityOut).meta({
  id: 'FederatedIdentityPage',
});

export const federatedIdentityParams = z.strictObject({ id: uuid });

export const testFederatedIdentityBody = z
  .strictObject({
    token: text(EXCHANGE.tokenCharacters)
      .min(1)
      .meta({ description: 'The OIDC token of a job. It is not used up, and not kept.' }),
  })
  .meta({ id: 'TestFederatedIdentity' });

const value = z.union([z.string(), z.boolean(), z.number()]);
export const tokenExplanation = z
  .strictObject({
    isAccepted: z.boolean().meta({ description: 'Whether an exchange would succeed now.' }),
    checks: z.array(
      z.strictObject({
        check: z.string(),
        isPassed: z.boolean(),
        detail: z.string().meta({ description: 'What was found, or what is wrong.' }),
      }),
    ),
    rules: z.array(
      z.strictObject({
        rule: z.string(),
        isMet: z.boolean(),
        clauses: z.array(
          z.strictObject({
            claim: z.string(),
            isMet: z.boolean(),
            isByDefault: z.boolean().meta({
              description: 'It is not written in the rule; name the claim there to change it.',
            }),
            expected: z.array(value),
            received: value.nullable(),
          }),
        ),
      }),
    ),
    claims: z.record(z.string(), value).meta({ description: 'What identifies the job.' }),
  })
  .meta({ id: 'FederatedTokenExplanation' });

export type CreateFederatedIdentityBody = z.output<typeof createFederatedIdentityBody>;
export type ReplaceFederatedIdentityBody = z.output<typeof replaceFederatedIdentityBody>;
export type FederatedIdentityParams = z.output<typeof federatedIdentityParams>;
export type TestFederatedIdentityBody = z.output<typeof testFederatedIdentityBody>;
export type TokenExplanation = z.output<typeof tokenExplanation>;
