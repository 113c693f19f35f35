import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Beat } from '../../engine/beat.js';
import { messageOf } from '../../kernel/errors.js';
import { Database } from '../../platform/database/database.js';
import { Logger } from '../../platform/logging/logger.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import type { TierFacts } from '../tiers/tier.js';
import type { TenantStatus } from './tenant.js';
import { allTiers, type TenantFacts, tenantsChangedSince } from './tenant-directory.queries.js';

/** What is decided about a tenant counts everywhere within five seconds, also when no hint comes. */
const LOOK_MS = 2_000;
/** A row may be committed so long after it says it was written: longer than any transaction lasts. */
const OVERLAP_MS = 60_000;

/**
 * Status and tier of every tenant, in this process: for what is asked at each request, without a
 * statement. It follows what changes by a hint, and looks by itself every two seconds.
 */
@Injectable()
export class TenantDirectory implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly tenants = new Map<string, TenantFacts>();
  private tiers: ReadonlyMap<string, TierFacts> = new Map();
  private newest = 0;
  private looking: Promise<void> | undefined;
  private readonly beat = new Beat(() => this.lookQuietly(), LOOK_MS);
  private readonly deafen: () => void;
  private readonly log: Logger;

  constructor(
    private readonly database: Database,
    signal: Signal,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'tenant-directory' });
    this.deafen = signal.subscribe(Topic.Tenant, () => void this.lookQuietly());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.lookQuietly();
    this.beat.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.beat.stop();
    this.deafen();
    await this.looking?.catch(() => undefined);
  }

  /** Undefined: there is none, or it was made a moment ago; `find` is sure. */
  of(tenantId: string): TenantFacts | undefined {
    return this.tenants.get(tenantId);
  }

  /** Of a tenant; undefined where the tenant is not known. */
  tierOf(tenantId: string): TierFacts | undefined {
    const tenant = this.tenants.get(tenantId);
    return tenant && this.tiers.get(tenant.tier);
  }

  countByStatus(without: readonly string[]): ReadonlyMap<TenantStatus, number> {
    const counts = new Map<TenantStatus, number>();
    for (const { id, status } of this.tenants.values()) {
      if (!without.includes(id)) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return counts;
  }

  /** As `of`, and asks the database about one that this process has not seen yet. */
  async find(tenantId: string): Promise<TenantFacts | undefined> {
    if (!this.tenants.has(tenantId)) await this.look();
    return this.tenants.get(tenantId);
  }

  /** What was committed before this was called is seen after it. */
  async look(): Promise<void> {
    // One that is under way may have read before the change.
    await this.looking?.catch(() => undefined);
    this.looking ??= this.read().finally(() => {
      this.looking = undefined;
    });
    await this.looking;
  }

  private async lookQuietly(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.log.warn({ error: messageOf(error) }, 'the tenants could not be read; tried again');
    }
  }

  private async read(): Promise<void> {
    const since = new Date(Math.max(0, this.newest - OVERLAP_MS));
    const [changed, tiers] = await this.database.system(async (tx) => [
      await tenantsChangedSince(tx, since),
      await allTiers(tx),
    ]);
    this.tiers = new Map(tiers.map((tier) => [tier.id, tier]));
    for (const { changedAt, ...facts } of changed) {
      this.tenants.set(facts.id, facts);
      this.newest = Math.max(this.newest, changedAt.getTime());
    }
  }
}
