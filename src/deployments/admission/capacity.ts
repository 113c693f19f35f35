import { Injectable } from '@nestjs/common';
import { capacityChanged } from '../../fleet/capacity.events.js';
import { Config } from '../../platform/config/config.js';
import type { OpenContext } from '../../platform/context.js';
import { Events } from '../../platform/events/events.js';
import { EntitlementSource } from '../../tenancy/quotas/entitlements.js';
import { waitForCapacity } from '../deployments.store.js';
import { RunHints } from '../run-hints.js';
import { capInTheWay, nextToLook, type Scope } from './admit.js';
import { lockCapacity } from './capacity-lock.js';
import { oldestWaiting, scopesOf, type Rollout } from './capacity.queries.js';

/**
 * How many rollouts may be in flight (Running, Paused, RollingBack) on a cluster, in an environment
 * and in a tenant. Counted from the deployments themselves under the tenant's capacity lock, so
 * nothing is taken that an ending could forget to give back. Rollbacks are not held back, and take
 * nobody's place.
 */
@Injectable()
export class Capacity {
  constructor(
    private readonly config: Config,
    private readonly hints: RunHints,
    private readonly entitlements: EntitlementSource,
    events: Events,
  ) {
    events.hear(capacityChanged, (open, { subjectId }) => this.lookAgain(open, subjectId));
  }

  /** The cap that is in the way of one that would begin now; null: it begins. Needs the lock. */
  async admit(open: OpenContext, rollout: Rollout): Promise<Scope | null> {
    const scopes = await this.scopesOf(open, rollout);
    const cap = capInTheWay(scopes);
    // In the transaction that has counted: who ends next finds who waits, or is counted as ended.
    await waitForCapacity(open, rollout.id, cap?.id ?? null);
    if (!cap) await this.wake(open, nextToLook(scopes, 1));
    return cap;
  }

  /** It waits for something else by now, or is over: its turn is the next one's. Needs the lock. */
  async passOn(open: OpenContext, rollout: Rollout): Promise<void> {
    await waitForCapacity(open, rollout.id, null);
    await this.wake(open, nextToLook(await this.scopesOf(open, rollout), 0));
  }

  /** A cap is another one: who waits longest looks, and wakes the next while there is room. */
  private async lookAgain(open: OpenContext, scopeId: string): Promise<void> {
    await lockCapacity(open);
    const oldest = await oldestWaiting(open, scopeId);
    if (oldest !== undefined) await this.hints.poke(open, oldest);
  }

  /** Of a tenant the installation's cap or its own quota, whichever is lower: it waits, refused is nobody. */
  private async scopesOf(open: OpenContext, rollout: Rollout): Promise<Scope[]> {
    const { limits } = await this.entitlements.entitlementsOf(open);
    const { tenantMaxInFlight: cap } = this.config;
    return scopesOf(open, rollout, Math.min(cap, limits.deploymentsInFlight ?? cap));
  }

  private async wake(open: OpenContext, ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.hints.poke(open, id);
  }
}
