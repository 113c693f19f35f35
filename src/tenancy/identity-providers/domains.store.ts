/** The tables `claimed_domains` and `verified_domains`: which domains of e-mail addresses are a tenant's. */
import type { OpenContext } from '../../platform/context.js';
import { statement } from '../../platform/database/statement.js';

export interface ClaimedDomain {
  readonly id: string;
  readonly domain: string;
  readonly token: string;
  readonly verifiedAt: Date | null;
  readonly checkedAt: Date | null;
}

const DOMAINS = `select c.id, c.domain, c.token, v.verified_at as "verifiedAt",
    v.checked_at as "checkedAt"
  from claimed_domains c
  left join verified_domains v on v.tenant_id = c.tenant_id and v.claim_id = c.id
  where c.tenant_id = :tenantId`;

const findByName = statement<{ readonly tenantId: string; readonly domain: string }, ClaimedDomain>(
  'claimed-domains.find-by-name',
  `${DOMAINS} and c.domain = :domain`,
);

/** Undefined: the tenant has never said that it is its own. */
export function domainNamed(open: OpenContext, domain: string): Promise<ClaimedDomain | undefined> {
  return open.tx.first(findByName, { tenantId: open.tenantId, domain });
}

export async function isVerifiedDomain(open: OpenContext, domain: string): Promise<boolean> {
  return (await domainNamed(open, domain))?.verifiedAt instanceof Date;
}

const listOfProvider = statement<OfProvider, ClaimedDomain>(
  'claimed-domains.list-of-provider',
  `${DOMAINS} and c.provider_id = :providerId order by c.domain`,
);

export function domainsOf(open: OpenContext, providerId: string): Promise<ClaimedDomain[]> {
  return open.tx.query(listOfProvider, { tenantId: open.tenantId, providerId });
}

const claim = statement<
  OfProvider & { readonly id: string; readonly domain: string; readonly token: string }
>(
  'claimed-domains.insert',
  `insert into claimed_domains (tenant_id, id, provider_id, domain, token)
   values (:tenantId, :id, :providerId, :domain, :token) on conflict do nothing`,
);

/** False: the tenant has claimed it before. */
export async function claimDomain(
  open: OpenContext,
  claimed: {
    readonly id: string;
    readonly providerId: string;
    readonly domain: string;
    readonly token: string;
  },
): Promise<boolean> {
  return (await open.tx.execute(claim, { ...claimed, tenantId: open.tenantId })) > 0;
}

type OfClaim = { readonly tenantId: string; readonly claimId: string };

const verify = statement<OfClaim & { readonly domain: string; readonly now: Date }>(
  'verified-domains.insert',
  `insert into verified_domains (tenant_id, claim_id, domain, verified_at, checked_at)
   values (:tenantId, :claimId, :domain, :now, :now) on conflict do nothing`,
);

/** False: it is verified already, here or by another tenant. */
export async function insertVerified(
  open: OpenContext,
  claimed: { readonly id: string; readonly domain: string },
  now: Date,
): Promise<boolean> {
  const { id: claimId, domain } = claimed;
  return (await open.tx.execute(verify, { tenantId: open.tenantId, claimId, domain, now })) > 0;
}

const touch = statement<OfClaim & { readonly now: Date }>(
  'verified-domains.touch',
  `update verified_domains set checked_at = :now
   where tenant_id = :tenantId and claim_id = :claimId`,
);

export async function touchVerified(open: OpenContext, claimId: string, now: Date): Promise<void> {
  await open.tx.execute(touch, { tenantId: open.tenantId, claimId, now });
}

const dropOne = statement<OfClaim>(
  'verified-domains.drop',
  'delete from verified_domains where tenant_id = :tenantId and claim_id = :claimId',
);

/** Others may verify it from now on. */
export async function dropVerifiedDomain(open: OpenContext, claimId: string): Promise<void> {
  await open.tx.execute(dropOne, { tenantId: open.tenantId, claimId });
}

const forget = statement<OfClaim>(
  'claimed-domains.drop',
  'delete from claimed_domains where tenant_id = :tenantId and id = :claimId',
);

export async function dropClaim(open: OpenContext, claimId: string): Promise<void> {
  await dropVerifiedDomain(open, claimId);
  await open.tx.execute(forget, { tenantId: open.tenantId, claimId });
}

type OfProvider = { readonly tenantId: string; readonly providerId: string };

const dropVerified = statement<OfProvider>(
  'verified-domains.drop-of-provider',
  `delete from verified_domains v using claimed_domains c
   where v.tenant_id = :tenantId and c.tenant_id = v.tenant_id and c.id = v.claim_id
     and c.provider_id = :providerId`,
);

const dropClaimed = statement<OfProvider>(
  'claimed-domains.drop-of-provider',
  'delete from claimed_domains where tenant_id = :tenantId and provider_id = :providerId',
);

/** All of a provider that goes; others may verify them from now on. */
export async function dropClaimedDomains(open: OpenContext, providerId: string): Promise<void> {
  const of = { tenantId: open.tenantId, providerId };
  await open.tx.execute(dropVerified, of);
  await open.tx.execute(dropClaimed, of);
}
