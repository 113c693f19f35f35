import { z } from 'zod';
import { uuid } from '../../kernel/text.js';

const domainName = z
  .string()
  .regex(
    /^(?=.{4,240}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be a domain in lower case, like example.com',
  );

export const domainsParams = z.strictObject({ id: uuid });
export const domainParams = z.strictObject({ id: uuid, domainId: uuid });
export const claimDomainBody = z.strictObject({ domain: domainName }).meta({ id: 'ClaimDomain' });

export const domainOut = z
  .strictObject({
    id: z.uuid(),
    domain: z.string(),
    record: z
      .strictObject({ name: z.string(), value: z.string() })
      .meta({ description: 'The TXT record that proves it, for as long as it is published.' }),
    verifiedAt: z.iso.datetime().nullable(),
    checkedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'IdentityProviderDomain' });

export const domainsOut = z
  .strictObject({ items: z.array(domainOut) })
  .meta({ id: 'IdentityProviderDomains' });

export type DomainsParams = z.output<typeof domainsParams>;
export type DomainParams = z.output<typeof domainParams>;
export type ClaimDomainBody = z.output<typeof claimDomainBody>;
