import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type Grant, Grants } from '../../kernel/grants.js';
import { Context } from '../../platform/context.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import {
  type BearerRequest,
  type Caller,
  MachineBearer,
  MachineBearers,
} from '../permissions/bearers.js';
import { isGone } from '../tenants/tenant.js';
import type { WorkloadStanding } from './federated-identities.store.js';
import { WorkloadStandings } from './workload-standings.js';
import { type WorkloadClaims, WorkloadTokens } from './workload-tokens.js';

/** Pipelines, by the tokens that they got for their own. */
@Injectable()
export class WorkloadBearer extends MachineBearer implements OnModuleInit {
  constructor(
    private readonly tokens: WorkloadTokens,
    private readonly standings: WorkloadStandings,
    private readonly modules: ModuleRef,
  ) {
    super();
  }

  onModuleInit(): void {
    this.modules.get(MachineBearers, { strict: false }).register(this);
  }

  recognises(token: string): boolean {
    return this.tokens.recognises(token);
  }

  /** Throws `unauthenticated`. */
  async authenticate(token: string, { requestId }: BearerRequest): Promise<Caller> {
    const claims = await this.tokens.check(token);
    if (!claims) throw unauthenticated();
    const { tid: tenantId, sub: id, name } = claims;
    const standing = await this.standings.of({ tenantId, id });
    if (!standing || standing.isDisabled || isGone(standing.tenantStatus)) {
      throw unauthenticated();
    }
    if (standing.rulesVersion !== claims.rulesVersion) throw unauthenticated(OTHER_RULES);
    const ctx = new Context({
      tenantId,
      actor: { kind: 'workload', id, name: `ci:${name}`, personId: null, tokenId: claims.jti },
      grants: grantsNow(claims, standing),
      requestId,
    });
    return { ctx, tenantSlug: standing.tenantSlug, signedIn: null };
  }
}

const OTHER_RULES =
  'The rules that let this pipeline in have been replaced. Exchange a token of the job again.';

/** What the token was given, as far as its identity still may. */
export function grantsNow(claims: WorkloadClaims, standing: WorkloadStanding): Grants {
  const given = grantOf(claims, `rule ${claims.rule}`);
  const present = grantOf(standing, `federated identity ${claims.name}`);
  return new Grants([given]).within(new Grants([present]));
}

export function grantOf(
  set: Pick<WorkloadStanding, 'permissions' | 'modules' | 'environments'>,
  by: string,
): Grant {
  const { permissions, modules, environments } = set;
  return { permissions: new Set(permissions), modules, environments, by };
}
