import { Inject, Injectable } from '@nestjs/common';
import { BoundedMap } from '../../kernel/bounded-map.js';
import type { Clock } from '../../kernel/clock.js';
import { type HasAddress, networksOf } from '../../kernel/networks.js';
import type { Role } from '../../kernel/permission.js';
import { CLOCK } from '../../platform/clock.js';
import { Config } from '../../platform/config/config.js';
import { Database } from '../../platform/database/database.js';
import type { HeldRole } from '../permissions/bindings.js';
import { isFactorDemanded } from './factor-demand.js';
import type { ProviderFacts } from './provider-demand.js';
import { writtenPolicyOf } from './security.queries.js';

/** As with standings: a change counts everywhere within five seconds. */
const KEEP_MS = 4_000;
const KEPT = 10_000;

interface Policy {
  readonly mfaRoles: ReadonlySet<Role>;
  /** Null: from everywhere. */
  readonly isAllowed: HasAddress | null;
  readonly providers: readonly ProviderFacts[];
}

interface Kept {
  readonly askedAt: number;
  readonly answer: Promise<Policy>;
}

/**
 * What each tenant demands, for the guard: asked for each request, and of the database once in four
 * seconds for each tenant.
 */
@Injectable()
export class SecurityPolicies {
  private readonly kept = new BoundedMap<string, Kept>(KEPT);

  constructor(
    private readonly db: Database,
    private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async isAllowedFrom(tenantId: string, address: string): Promise<boolean> {
    const { isAllowed } = await this.of(tenantId);
    return isAllowed === null || isAllowed(address);
  }

  async demandsFactorOf(tenantId: string, roles: readonly HeldRole[]): Promise<boolean> {
    return isFactorDemanded(roles, (await this.of(tenantId)).mfaRoles);
  }

  /** Of the tenant and of the platform; those that are enabled. */
  async providersOf(tenantId: string): Promise<readonly ProviderFacts[]> {
    return (await this.of(tenantId)).providers;
  }

  /** Ends what this process remembers. */
  forget(tenantId: string): void {
    this.kept.delete(tenantId);
  }

  private async of(tenantId: string): Promise<Policy> {
    const now = this.clock.monotonic();
    const known = this.kept.get(tenantId);
    if (known && now - known.askedAt < KEEP_MS) return known.answer;
    const entry = { askedAt: now, answer: this.ask(tenantId) };
    this.kept.set(tenantId, entry);
    try {
      return await entry.answer;
    } catch (error) {
      // A question that failed is not an answer; the next request asks again.
      if (this.kept.get(tenantId) === entry) this.kept.delete(tenantId);
      throw error;
    }
  }

  private async ask(tenantId: string): Promise<Policy> {
    const written = await this.db.system((tx) => writtenPolicyOf(tx, tenantId));
    const { mfaRequiredRoles, platformRoles, allowedNetworks, providers } = written;
    const usual = this.config.mfaRequiredRoles;
    // Who is PlatformAdmin is so in every tenant: none of them makes it easier.
    const platform = (platformRoles ?? usual).filter((role) => role === 'PlatformAdmin');
    const networks = allowedNetworks ?? [];
    return {
      mfaRoles: new Set([...(mfaRequiredRoles ?? usual), ...platform]),
      isAllowed: networks.length > 0 ? networksOf(networks) : null,
      providers,
    };
  }
}
