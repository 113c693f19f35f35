import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { canonicalNetwork } from '../../kernel/networks.js';
import { ROLES } from '../../kernel/permission.js';
import { text } from '../../kernel/text.js';

/** The longest IPv6 network in full. */
const NETWORK_CHARACTERS = 49;

const network = text(NETWORK_CHARACTERS).transform((value, context) => {
  try {
    return canonicalNetwork(value.trim());
  } catch {
    context.addIssue({
      code: 'custom',
      message:
        'must be an address or a network, like 203.0.113.7 or 10.0.0.0/8; for everybody leave the list empty',
    });
    return z.NEVER;
  }
});

export const securityRules = z.strictObject({
  mfaRequiredRoles: z.array(z.enum(ROLES)).max(ROLES.length).meta({
    description:
      'Built-in roles whose holders must have a second factor. A role of your own counts as the least built-in one that may do as much.',
  }),
  allowedNetworks: z
    .array(z.string())
    .max(limits.allowedNetworks)
    .meta({ description: 'Addresses and networks to come from; empty: from everywhere.' }),
});

export type SecurityRules = z.output<typeof securityRules>;

export const securityPolicyOut = securityRules
  .extend({
    version: z.int().meta({ description: '0: nothing was ever set, these are the defaults.' }),
  })
  .meta({ id: 'SecurityPolicy' });

export type SecurityPolicyOut = z.output<typeof securityPolicyOut>;

export const replaceSecurityBody = securityRules
  .extend({
    allowedNetworks: z.array(network).max(limits.allowedNetworks),
    force: z
      .boolean()
      .optional()
      .meta({ description: 'Also if your own address is in none of the networks.' }),
  })
  .meta({ id: 'ReplaceSecurityPolicy' });

export type ReplaceSecurityBody = z.output<typeof replaceSecurityBody>;
