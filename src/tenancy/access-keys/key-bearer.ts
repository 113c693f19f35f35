import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Clock } from '../../kernel/clock.js';
import type { DomainError } from '../../kernel/errors.js';
import { Grants } from '../../kernel/grants.js';
import { networksOf } from '../../kernel/networks.js';
import { CLOCK } from '../../platform/clock.js';
import { Context } from '../../platform/context.js';
import { unauthenticated } from '../../platform/http/http.errors.js';
import {
  type BearerRequest,
  type Caller,
  MachineBearer,
  MachineBearers,
} from '../permissions/bearers.js';
import { grantsOf } from '../permissions/bindings.js';
import { SecurityPolicies } from '../security/security-policies.js';
import { isGone } from '../tenants/tenant.js';
import { accessKeyNetworkRefused, accessKeyOwnerWithoutFactor } from './access-keys.errors.js';
import { AccessKeyMetrics } from './access-keys.metrics.js';
import { grantOfKey } from './key-power.js';
import type { KeyFault, KeyStanding } from './key-standings.queries.js';
import { KeyStandings } from './key-standings.js';
import { isKeyText, keyHash, looksLikeKey } from './key-text.js';
import { KeyUses } from './key-uses.js';

/** From the text of an access key to a Context. What is wrong with it ends here. */
@Injectable()
export class KeyBearer extends MachineBearer implements OnModuleInit {
  constructor(
    private readonly standings: KeyStandings,
    private readonly uses: KeyUses,
    private readonly metrics: AccessKeyMetrics,
    private readonly modules: ModuleRef,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    super();
  }

  onModuleInit(): void {
    this.modules.get(MachineBearers, { strict: false }).register(this);
  }

  recognises(token: string): boolean {
    return looksLikeKey(token);
  }

  /** Throws `unauthenticated`, `access-key-network-refused`, `access-key-owner-without-factor`. */
  async authenticate(token: string, request: BearerRequest): Promise<Caller> {
    if (!isKeyText(token)) {
      this.metrics.looked('malformed');
      throw unauthenticated(
        'This is not an access key: a character is wrong or missing. Copy it again.',
      );
    }
    const key = await this.standings.of(keyHash(token), request.address);
    if (!key) {
      this.metrics.looked('unknown');
      throw unauthenticated(
        'There is no such access key here. Check the server, or make a new key.',
      );
    }
    if (isGone(key.tenantStatus)) {
      this.metrics.looked('tenant-closed');
      throw unauthenticated(ENDED);
    }
    const ctx = contextOf(key, request.requestId);
    const fault = this.faultOf(key, request.address) ?? (await this.factorFaultOf(key));
    if (fault !== null) {
      this.uses.tellRefused(ctx, key, fault, request.address);
      this.metrics.looked(fault);
      throw refusalOf(fault, request.address);
    }
    this.uses.tellUsed(ctx, key, request.address);
    this.metrics.looked('good');
    const { id, name, ownerKind, ownerName, expiresAt, requestsPerMinute } = key;
    const accessKey = { id, name, ownerKind, ownerName: ownerName ?? '', expiresAt };
    return { ctx, tenantSlug: key.tenantSlug, signedIn: null, accessKey, requestsPerMinute };
  }

  private faultOf(key: KeyStanding, address: string): KeyFault | null {
    if (key.revokedAt !== null) return 'revoked';
    if (key.expiresAt.getTime() <= this.clock.now()) return 'expired';
    // A person without a role is as good as gone; an account may wait for its first one.
    const isIdle = key.ownerKind === 'user' && key.roles.length === 0;
    if (!key.isOwnerGood || isIdle) return 'owner-gone';
    const isAnywhere = key.allowedNetworks.length === 0;
    return isAnywhere || networksOf(key.allowedNetworks)(address) ? null : 'network';
  }

  /** What their sessions may not do without a factor, their keys may not either. */
  private async factorFaultOf(key: KeyStanding): Promise<KeyFault | null> {
    if (key.ownerKind !== 'user' || key.hasOwnerFactor) return null;
    const policies = this.modules.get(SecurityPolicies, { strict: false });
    const isDemanded = await policies.demandsFactorOf(key.tenantId, key.roles);
    return isDemanded ? 'owner-factor' : null;
  }
}

function refusalOf(fault: KeyFault, address: string): DomainError {
  if (fault === 'network') return accessKeyNetworkRefused(address);
  if (fault === 'owner-factor') return accessKeyOwnerWithoutFactor();
  return unauthenticated(ENDED);
}

const ENDED =
  'This access key has expired, is revoked, or its owner is gone. Make a new one: npx tidegate access-keys create.';

/** What the key may do now: of what it names, what its owner holds at this moment. */
function contextOf(key: KeyStanding, requestId: string): Context {
  return new Context({
    tenantId: key.tenantId,
    actor: { kind: 'access-key', id: key.id, name: `key:${key.name}`, personId: key.makerId },
    grants: new Grants([grantOfKey(key)]).within(grantsOf(key.roles)),
    requestId,
  });
}
