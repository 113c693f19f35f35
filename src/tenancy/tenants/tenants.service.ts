import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { newId } from '../../kernel/ids.js';
import { limits } from '../../kernel/limits.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { insertNew, updateOne } from '../../platform/database/entity-rows.js';
import {
  idempotencyKeyReused,
  tenantDeleting,
  validationFailed,
  versionMismatch,
} from '../../platform/http/http.errors.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { Provisioning } from '../tenant-tasks/provisioning.js';
import { beginTask } from '../tenant-tasks/tenant-tasks.store.js';
import { tenantSlugInvalid, tenantSlugTaken } from '../tenancy.errors.js';
import { isMissingReference } from '../../platform/database/sql-errors.js';
import { changing } from '../../platform/events/changing.js';
import { TierEntity } from '../tiers/tier.entity.js';
import { tierNotFound } from '../tiers/tiers.errors.js';
import { DEFAULT_TIER } from '../tiers/tiers.service.js';
import { inTenant } from './of-platform.js';
import { PLATFORM_TENANT } from './platform-tenant.js';
import { isReservedSlug } from './reserved-slugs.js';
import { TenantEntity } from './tenant.entity.js';
import { TenantSeeders } from './tenant-seeder.js';
import type {
  NewTenant,
  SubscriptionBody,
  TenantRules,
  TenantsQuery,
  TenantView,
} from './tenants.dto.js';
import { tenantUnknown, tenantSlugReserved } from './tenants.errors.js';
import { tenantCreated, tenantRenamed, tenantSubscribed } from './tenants.events.js';
import { tenantByCreationKey } from './tenants.store.js';
import { tenantView, tenantViews } from './tenants.views.js';

/** Tenants, as whoever runs the platform makes and changes them. Their life: TenantLifeService. */
@Injectable()
export class TenantsService {
  constructor(
    private readonly database: Database,
    private readonly seeders: TenantSeeders,
    private readonly provisioning: Provisioning,
  ) {}

  list(query: TenantsQuery): Promise<Page<TenantView>> {
    const { status = null, tier = null, text = null } = query;
    return this.database.system((tx) =>
      newestFirst('tenants', query, (before, take) =>
        tenantViews(tx, { status, tier, text }, { before, take }),
      ),
    );
  }

  /** Throws `tenant-unknown`. */
  async get(id: string): Promise<TenantView> {
    const found = await this.database.system((tx) => tenantView(tx, id));
    if (found) return found;
    throw tenantUnknown();
  }

  /**
   * With what every tenant has from the start, in one transaction of the new tenant. With an
   * Idempotency-Key the same request finds what it has made before.
   *
   * Throws `tenant-slug-taken`, `tenant-slug-reserved`, `tenant-slug-invalid`, `tier-not-found`,
   * `idempotency-key-reused`.
   */
  async create(ctx: Context, body: NewTenant, key: string | undefined): Promise<TenantView> {
    const { slug } = body;
    if (slug === PLATFORM_TENANT.slug) throw tenantSlugInvalid(slug, PLATFORM_TENANT.slug);
    if (isReservedSlug(slug)) throw tenantSlugReserved(slug);
    const creation = creationOf(ctx, body, key);
    const before = await this.madeBefore(creation);
    if (before !== undefined) return this.get(before);
    const id = newId();
    const isMade = await this.database
      .transaction(inTenant(ctx, id), (open) => this.insert(open, body, creation))
      .catch(whereTierIsGone(body.tier));
    if (isMade) return this.get(id);
    // Somebody was quicker: the same request once more, or another one with the same slug.
    const made = await this.madeBefore(creation);
    if (made !== undefined) return this.get(made);
    throw tenantSlugTaken(slug);
  }

  /** Throws `tenant-unknown`, `tenant-deleting`, `version-mismatch`. */
  rename(
    ctx: Context,
    id: string,
    change: { readonly version: number; readonly rules: TenantRules },
  ): Promise<TenantView> {
    const { version, rules } = change;
    return this.change(ctx, id, async (open, tenant) => {
      const changed = await updateOne(open.tx.repository(TenantEntity), { id, version }, rules);
      if (!changed) throw versionMismatch(tenant.version);
      const facts = { before: { name: tenant.name }, after: { name: changed.name } };
      await open.record(changing(tenantRenamed(id, facts), facts));
    });
  }

  /** Throws `tenant-unknown`, `tenant-deleting`, `tier-not-found`, `version-mismatch`. */
  subscribe(
    ctx: Context,
    id: string,
    change: { readonly version: number; readonly subscription: SubscriptionBody },
  ): Promise<TenantView> {
    const { version, subscription } = change;
    return this.change(ctx, id, async (open, before) => {
      await checkTier(open, subscription.tier);
      const tenants = open.tx.repository(TenantEntity);
      const after = await updateOne(tenants, { id, version }, subscription);
      if (!after) throw versionMismatch(before.version);
      const facts = { before: subscriptionOf(before), after: subscriptionOf(after) };
      await open.record(changing(tenantSubscribed(id, facts), facts));
    }).catch(whereTierIsGone(subscription.tier));
  }

  private async change(
    ctx: Context,
    id: string,
    work: (open: OpenContext, tenant: TenantEntity) => Promise<void>,
  ): Promise<TenantView> {
    await this.database.transaction(inTenant(ctx, id), async (open) => {
      const tenant = await open.tx.repository(TenantEntity).findOneBy({ id });
      if (!tenant) throw tenantUnknown();
      if (tenant.status === 'deleting' || tenant.status === 'deleted') throw tenantDeleting();
      await work(open, tenant);
    });
    return this.get(id);
  }

  /** False: slug or key are taken. */
  private async insert(open: OpenContext, body: NewTenant, creation: Creation): Promise<boolean> {
    const { tenantId: id } = open;
    const { slug, name, tier = DEFAULT_TIER, quotaOverrides } = body;
    await checkTier(open, tier);
    const { plan } = this.provisioning;
    const [added] = await insertNew(open.tx.repository(TenantEntity), {
      id,
      slug,
      name,
      tier,
      quotaOverrides,
      status: plan.length > 0 ? 'provisioning' : 'active',
      provisionedAt: plan.length > 0 ? null : new Date(),
      creationKey: creation.key,
      creationDigest: creation.digest,
    });
    if (!added) return false;
    const { status } = added;
    const event = tenantCreated(id, { slug, name, tier, provisions: plan });
    const after = { slug, name, tier, quotaOverrides, status };
    await open.record(changing(event, { before: null, after }));
    if (plan.length > 0) await beginTask(open, 'provision', plan);
    await this.seeders.seed(open);
    return true;
  }

  private async madeBefore({ key, digest }: Creation): Promise<string | undefined> {
    if (key === null) return undefined;
    const made = await this.database.system((tx) => tenantByCreationKey(tx, key));
    if (made && made.creationDigest !== digest) throw idempotencyKeyReused();
    return made?.id;
  }
}

interface Creation {
  /** Null: the caller gave none. */
  readonly key: string | null;
  readonly digest: string | null;
}

/** Of the platform, whatever tenant the caller is signed in to: a tenant is made once. */
function creationOf(ctx: Context, body: NewTenant, key: string | undefined): Creation {
  if (key === undefined) return { key: null, digest: null };
  if (!/^[\x20-\x7e]+$/.test(key) || key.length > limits.idempotencyKeyCharacters) {
    throw validationFailed(
      `Idempotency-Key must be 1 to ${limits.idempotencyKeyCharacters} printable ASCII characters.`,
    );
  }
  const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');
  const principal = ctx.actor.personId ?? ctx.actor.id;
  return { key: digestOf(`${principal}\n${key}`), digest: digestOf(canonicalJson(body)) };
}

async function checkTier(open: OpenContext, id: string): Promise<void> {
  if (!(await open.tx.repository(TierEntity).existsBy({ id }))) throw tierNotFound(id);
}

/** It was there when we looked, and was deleted before we had written. */
const whereTierIsGone =
  (id = DEFAULT_TIER) =>
  (error: unknown): never => {
    throw isMissingReference(error, 'tenants_tier_fkey') ? tierNotFound(id) : error;
  };

const subscriptionOf = ({ tier, quotaOverrides }: TenantEntity) => ({ tier, quotaOverrides });
