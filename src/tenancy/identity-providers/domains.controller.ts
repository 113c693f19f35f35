import { Body, Controller, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './domains.dto.js';
import { DomainsService } from './domains.service.js';
import {
  domainExists,
  domainLimit,
  domainNotFound,
  domainTaken,
  domainUnproved,
  identityProviderNotFound,
  nameServersSilent,
} from './identity-provider.errors.js';

const access = Permission.IdentityProvidersManage;
const proof = { isStepUp: true } as const;
const example = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  domain: 'example.com',
  record: {
    name: '_tidegate.example.com',
    value: 'tidegate-domain=5f0c7a2be91d4f6b8a3c2d1e0f9a8b7c',
  },
  verifiedAt: '2026-01-05T08:00:00.000Z',
  checkedAt: '2026-01-05T08:00:00.000Z',
};
const unverified = { ...example, verifiedAt: null, checkedAt: null };

@ApiTags('identity-providers')
@Controller('identity-providers/:id/domains')
export class DomainsController {
  constructor(private readonly domains: DomainsService) {}

  @Route('GET', {
    access,
    summary: 'List the domains of an identity provider',
    description: 'By name, with the TXT record that proves each.',
    errors: [identityProviderNotFound],
    answer: dto.domainsOut,
    example: { response: { items: [example] } },
  })
  list(@Ctx() ctx: Context, @Param({ schema: dto.domainsParams }) { id }: dto.DomainsParams) {
    return this.domains.list(ctx, id);
  }

  @Route('POST', {
    access,
    proof,
    summary: 'Say that a domain is yours',
    description: 'It counts once the TXT record of the answer is published and verified.',
    errors: [identityProviderNotFound, domainLimit, domainExists],
    answer: dto.domainOut,
    example: { request: { domain: 'example.com' }, response: unverified },
  })
  claim(
    @Ctx() ctx: Context,
    @Param({ schema: dto.domainsParams }) { id }: dto.DomainsParams,
    @Body({ schema: dto.claimDomainBody }) { domain }: dto.ClaimDomainBody,
  ) {
    return this.domains.claim(ctx, id, domain);
  }

  @Route('POST :domainId/verify', {
    access,
    proof,
    summary: 'Verify a domain',
    description:
      'Asks name servers for the record. A domain is of one tenant at a time; a day later it is asked about again before it admits somebody.',
    errors: [domainNotFound, domainUnproved, domainTaken, nameServersSilent],
    answer: dto.domainOut,
    status: 200,
    example: { response: example },
  })
  verify(
    @Ctx() ctx: Context,
    @Param({ schema: dto.domainParams }) { id, domainId }: dto.DomainParams,
  ) {
    return this.domains.verify(ctx, id, domainId);
  }

  @Route('DELETE :domainId', {
    access,
    proof,
    summary: 'Give up a domain',
    description: 'Nobody is admitted by it any more, and other tenants may verify it.',
    errors: [domainNotFound],
  })
  remove(
    @Ctx() ctx: Context,
    @Param({ schema: dto.domainParams }) { id, domainId }: dto.DomainParams,
  ) {
    return this.domains.remove(ctx, id, domainId);
  }
}
