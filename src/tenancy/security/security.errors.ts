import { errorEntry } from '../../kernel/error-entry.js';

/** What the security policy of a tenant can answer. */

export const networkNotAllowed = errorEntry({
  code: 'network-not-allowed',
  kind: 'forbidden',
  meaning:
    'The tenant lets people and machines in from certain networks only (`allowedNetworks` of its security policy), and your address is in none of them.',
  tell: (address: string) =>
    `This tenant is open to certain networks only, and your address ${address} is in none of them. Come from one of them, or ask an Admin of the tenant.`,
});

export const policyShutsYouOut = errorEntry({
  code: 'policy-shuts-you-out',
  kind: 'conflict',
  meaning:
    'Your own address is in none of the networks that you want to allow. Add its network, or send `force: true` if you mean it.',
  tell: (address: string) =>
    `Your own address ${address} is in none of these networks: you would be shut out within seconds. Add its network, or send "force": true.`,
});
