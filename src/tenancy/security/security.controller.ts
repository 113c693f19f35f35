import { Body, Controller, Headers, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Permission } from '../../kernel/permission.js';
import { Context } from '../../platform/context.js';
import { clientAddressOf } from '../../platform/http/client-address.js';
import { Ctx } from '../../platform/http/ctx.js';
import { ifMatchRequired, versionMismatch } from '../../platform/http/http.errors.js';
import { etagOf, ifMatchVersion } from '../../platform/http/if-match.js';
import { Route } from '../../platform/http/route.js';
import { signedInOf } from '../auth/signed-in-request.js';
import * as dto from './security.dto.js';
import { policyShutsYouOut } from './security.errors.js';
import { SecurityService } from './security.service.js';

const rulesExample = {
  mfaRequiredRoles: ['Admin', 'PlatformAdmin'],
  allowedNetworks: ['203.0.113.0/24', '2001:db8::/32'],
};
const example = { ...rulesExample, version: 2 };

const tagged = ({ version }: dto.SecurityPolicyOut) => ({ etag: etagOf(version) });

@ApiTags('security')
@Controller('security-policy')
export class SecurityController {
  constructor(private readonly security: SecurityService) {}

  @Route('GET', {
    access: Permission.SecurityManage,
    summary: 'Read what the tenant demands',
    description:
      'Whose roles need a second factor, and from which networks people and machines may come. The ETag is the version for If-Match.',
    errors: [],
    answer: dto.securityPolicyOut,
    answerHeaders: tagged,
    example: { response: example },
  })
  get(@Ctx() ctx: Context) {
    return this.security.get(ctx);
  }

  @Route('PUT', {
    access: Permission.SecurityManage,
    proof: { isStepUp: true },
    summary: 'Replace what the tenant demands',
    description:
      'Needs If-Match with the version that was read. It counts everywhere within five seconds, for sessions and sockets that are open, too. Whoever has no second factor and now needs one may only enrol one until they have. For PlatformAdmin the policy of the reserved tenant counts as well.',
    errors: [ifMatchRequired, versionMismatch, policyShutsYouOut],
    answer: dto.securityPolicyOut,
    answerHeaders: tagged,
    example: { request: rulesExample, response: example },
  })
  replace(
    @Ctx() ctx: Context,
    @Body({ schema: dto.replaceSecurityBody }) body: dto.ReplaceSecurityBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: FastifyRequest,
  ) {
    const { force = false, ...rules } = body;
    // A platform admin from outside is not bound by it, and may be the one who lifts it.
    const isMember = signedInOf(request).tenantId === ctx.tenantId;
    return this.security.replace(ctx, {
      version: ifMatchVersion(ifMatch),
      rules,
      isForced: force,
      makerAddress: isMember ? clientAddressOf(request) : null,
    });
  }
}
