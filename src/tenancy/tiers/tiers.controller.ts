import { Body, Controller, Headers, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import { ifMatchRequired, versionMismatch } from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { Route } from '../../platform/http/route.js';
import * as dto from './tiers.dto.js';
import * as errors from './tiers.errors.js';
import { TiersService } from './tiers.service.js';

const access = Permission.TenantsManage;
const { exampleTier: example } = dto;
const { name, quotas, rateMultiplier } = example;
const rules = { name, quotas, rateMultiplier };

const tagged = ({ version }: dto.TierView) => ({ etag: etagOf(version) });

@ApiTags('tenants')
@Controller('tiers')
export class TiersController {
  constructor(private readonly tiers: TiersService) {}

  @Route('GET', {
    access,
    summary: 'List tiers',
    description: 'All of them, oldest first: there are few.',
    errors: [],
    answer: dto.tiersOut,
    example: { response: { items: [example] } },
  })
  list() {
    return this.tiers.list();
  }

  @Route('GET :id', {
    access,
    summary: 'Read a tier',
    description: 'The ETag is the version for If-Match.',
    errors: [errors.tierNotFound],
    answer: dto.tierOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(@Param({ schema: dto.tierParams }) { id }: dto.TierParams) {
    return this.tiers.get(id);
  }

  @Route('POST', {
    access,
    summary: 'Create a tier',
    description: 'Every quota is named; null is without a limit.',
    errors: [errors.tierExists, errors.tierLimit],
    answer: dto.tierOut,
    answerHeaders: tagged,
    example: { request: { id: 'starter', ...rules }, response: example },
  })
  create(@Ctx() ctx: Context, @Body({ schema: dto.newTier }) tier: dto.NewTier) {
    return this.tiers.create(ctx, tier);
  }

  @Route('PUT :id', {
    access,
    summary: 'Change a tier',
    description:
      'Needs If-Match with the version that was read. It counts for all tenants of the tier within five seconds. Who uses more than it now allows keeps what is there and gets no more.',
    errors: [errors.tierNotFound, errors.tierExists, ifMatchRequired, versionMismatch],
    answer: dto.tierOut,
    answerHeaders: tagged,
    example: { request: rules, response: { ...example, version: 2 } },
  })
  replace(
    @Ctx() ctx: Context,
    @Param({ schema: dto.tierParams }) { id }: dto.TierParams,
    @Body({ schema: dto.tierRules }) tierRules: dto.TierRules,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.tiers.replace(ctx, id, { version: ifMatchVersion(ifMatch), rules: tierRules });
  }

  @Route('DELETE :id', {
    access,
    summary: 'Delete a tier',
    description: 'Only one that no tenant has.',
    errors: [errors.tierNotFound, errors.tierBuiltIn, errors.tierInUse],
  })
  delete(@Ctx() ctx: Context, @Param({ schema: dto.tierParams }) { id }: dto.TierParams) {
    return this.tiers.delete(ctx, id);
  }
}
