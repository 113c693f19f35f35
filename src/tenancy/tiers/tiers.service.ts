import { Injectable } from '@nestjs/common';
import { limits } from '../../kernel/limits.js';
import type { Context } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import type { SystemTransaction } from '../../platform/database/transaction.js';
import type { Event, EventBody } from '../../platform/events/event.js';
import { versionMismatch } from '../../platform/http/http.errors.js';
import { changing } from '../../platform/events/changing.js';
import { ofPlatform } from '../tenants/of-platform.js';
import { TenantDirectory } from '../tenants/tenant-directory.js';
import { countTenantsOfTier } from '../tenants/tenants.store.js';
import type { NewTier, TierRules, TierView } from './tiers.dto.js';
import { TierEntity } from './tier.entity.js';
import { tierBuiltIn, tierExists, tierInUse, tierLimit, tierNotFound } from './tiers.errors.js';
import { factsOfTier, tierChanged, tierCreated, tierDeleted } from './tiers.events.js';

/** What tenants have whom nobody gave another one. */
export const DEFAULT_TIER = 'custom';

/** Tiers are of the platform: written by the system's role, and recorded in the reserved tenant after it. */
@Injectable()
export class TiersService {
  constructor(
    private readonly db: Database,
    private readonly directory: TenantDirectory,
  ) {}

  async list(): Promise<{ items: TierView[] }> {
    const items = await this.db.system((tx) =>
      tx.repository(TierEntity).find({ order: { createdAt: 'asc', id: 'asc' } }),
    );
    return { items };
  }

  /** Throws `tier-not-found`. */
  get(id: string): Promise<TierView> {
    return this.db.system((tx) => find(tx, id));
  }

  /** Throws `tier-exists`, `tier-limit`. */
  async create(ctx: Context, tier: NewTier): Promise<TierView> {
    const made = await this.db.system(async (tx) => {
      const tiers = tx.repository(TierEntity);
      if ((await tiers.count()) >= limits.tiers) throw tierLimit();
      const [added] = await insertNew(tiers, tier);
      if (!added) throw tierExists();
      const after = factsOfTier(added);
      await this.record(tx, ctx, changing(tierCreated(added.id, after), { before: null, after }));
      return added;
    });
    await this.directory.look();
    return made;
  }

  /** For all tenants that have it, within five seconds. Throws `tier-not-found`, `tier-exists`, `version-mismatch`. */
  async replace(
    ctx: Context,
    id: string,
    change: { readonly version: number; readonly rules: TierRules },
  ): Promise<TierView> {
    const { version, rules } = change;
    const after = await this.db.system(async (tx) => {
      const before = await find(tx, id);
      const tiers = tx.repository(TierEntity);
      const other = await tiers.findOneBy({ name: rules.name });
      if (other && other.id !== id) throw tierExists();
      const after = await updateOne(tiers, { id, version }, rules);
      if (!after) throw versionMismatch(before.version);
      const facts = { before: factsOfTier(before), after: factsOfTier(after) };
      await this.record(tx, ctx, changing(tierChanged(id, facts), facts));
      return after;
    });
    await this.directory.look();
    return after;
  }

  /** Throws `tier-not-found`, `tier-built-in`, `tier-in-use`. */
  async delete(ctx: Context, id: string): Promise<void> {
    if (id === DEFAULT_TIER) throw tierBuiltIn();
    await this.db.system(async (tx) => {
      // Whoever gives it to a tenant meanwhile is waited for; who comes later finds it gone.
      const lock = { mode: 'pessimistic_write' } as const;
      const tier = await tx.repository(TierEntity).findOne({ where: { id }, lock });
      if (!tier) throw tierNotFound(id);
      const tenants = await countTenantsOfTier(tx, id);
      if (tenants > 0) throw tierInUse(tenants);
      await tx.repository(TierEntity).delete({ id });
      const before = factsOfTier(tier);
      await this.record(tx, ctx, changing(tierDeleted(id, before), { before, after: null }));
    });
    await this.directory.look();
  }

  private record<Body extends EventBody>(
    tx: SystemTransaction,
    ctx: Context,
    event: Event<Body>,
  ): Promise<void> {
    return this.db.record(tx, ofPlatform(ctx), event);
  }
}

async function find(tx: SystemTransaction, id: string): Promise<TierEntity> {
  const tier = await tx.repository(TierEntity).findOneBy({ id });
  if (tier) return tier;
  throw tierNotFound(id);
}
