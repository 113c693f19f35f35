import { Body, Controller, Headers, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { Ctx } from '../../platform/http/ctx.js';
import {
  ifMatchRequired,
  peopleOnly,
  stepUpRequired,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { Route } from '../../platform/http/route.js';
import { settingNotFound, settingScopeUnsuitable } from '../settings/settings.errors.js';
import * as dto from './rate-limits.dto.js';
import { RateLimitsService } from './rate-limits.service.js';

const facts = {
  limit: 'deployments' as const,
  counts: 'Deployments that one person starts.',
  setting: 'rate-limits.deployments',
  default: 10,
};
const example = { ...facts, perMinute: 20, isSet: true, version: 1 };
const tagged = ({ version }: { readonly version: number }) => ({ etag: etagOf(version) });

@ApiTags('settings')
@Controller('rate-limits')
export class RateLimitsController {
  constructor(private readonly rateLimits: RateLimitsService) {}

  @Route('GET', {
    access: Permission.SettingsRead,
    summary: 'Read the rate limits',
    description:
      'What is counted and how much of it is allowed a minute, for the tenant that asks. What is left is in the headers of every answer: `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds) tell of the limit that is closest to its end.',
    errors: [],
    answer: dto.rateLimitsOut,
    example: {
      response: { profile: 'production', limits: [{ ...facts, perMinute: 20 }] },
    },
  })
  list(@Ctx() ctx: Context) {
    return this.rateLimits.list(ctx);
  }

  @Route('GET :limit', {
    access: Permission.PlatformSettingsManage,
    summary: 'Read a rate limit of the installation',
    description: 'The ETag is its version, for If-Match.',
    errors: [settingNotFound, settingScopeUnsuitable],
    answer: dto.rateLimitOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(@Ctx() ctx: Context, @Param({ schema: dto.rateLimitParams }) { limit }: dto.RateLimitParams) {
    return this.rateLimits.get(ctx, limit);
  }

  @Route('PUT :limit', {
    access: Permission.PlatformSettingsManage,
    summary: 'Change a rate limit',
    description:
      'For all tenants, in every process within five seconds, without a restart. It is the setting that `setting` names, with its change log. Raising one needs a proof, not older than five minutes, that it is you.',
    errors: [
      settingNotFound,
      settingScopeUnsuitable,
      ifMatchRequired,
      versionMismatch,
      peopleOnly,
      stepUpRequired,
    ],
    answer: dto.rateLimitOut,
    answerHeaders: tagged,
    example: { request: { perMinute: 20, reason: 'Release week.' }, response: example },
  })
  set(
    @Ctx() ctx: Context,
    @Param({ schema: dto.rateLimitParams }) { limit }: dto.RateLimitParams,
    @Body({ schema: dto.putRateLimitBody }) { perMinute, reason }: dto.PutRateLimitBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() { signedIn }: FastifyRequest,
  ) {
    const change = { version: ifMatchVersion(ifMatch), reason, signedIn: signedIn ?? null };
    return this.rateLimits.set(ctx, limit, perMinute, change);
  }
}
