import { Injectable } from '@nestjs/common';
import { DomainError } from '../../kernel/errors.js';
import { environmentByName } from '../../fleet/fleet.queries.js';
import { Context, OpenContext } from '../../platform/context.js';
import { deploymentInProgress, queueFull, stateNotSuitable } from '../deployment.errors.js';
import { PendingReplacement } from '../approvals/requests/pending-replacement.js';
import { Settings } from '../../platform/settings/settings.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { lockSlot } from '../slots.store.js';
import { DeploymentVerbs } from '../verbs/deployment-verbs.service.js';
import { verbs } from '../verbs/verbs.js';
import { onConflict as onConflictSetting, queuedPerSlot } from './acceptance.settings.js';
import { activeOn, type Active } from './acceptance.queries.js';

/**
 * What a new deployment does about those of the same module and cluster that are not over: waits
 * its turn, takes their place, or is refused. The environment says which (`onConflict`), or leaves it to the
 * settings of the tenant.
 */
@Injectable()
export class ConflictPolicy {
  constructor(
    private readonly verbs: DeploymentVerbs,
    private readonly settings: Settings,
    private readonly pending: PendingReplacement,
  ) {}

  /**
   * Answers whom the new deployment supersedes. Those that still wait for people make room for it first. Locks the slot, so that of two requests at the same
   * moment the second one sees the first.
   * Throws `deployment-in-progress`, `queue-full`, `environment-not-found`.
   */
  async settle(
    open: OpenContext,
    { id, lane }: Pick<Active, 'id' | 'lane'>,
    spec: DeploymentSpec,
  ): Promise<string[]> {
    const slot = { clusterId: spec.cluster.id, moduleId: spec.module.id };
    await lockSlot(open, slot);
    const there = await activeOn(open, slot);
    const asking = there.filter(({ status }) => status === 'PendingApproval');
    const replaced = await this.pending.replace(
      open,
      id,
      spec,
      asking.map((each) => each.id),
    );
    const active = there.filter((each) => !replaced.includes(each.id));
    const [first] = active;
    const place = { tenantId: open.tenantId, environment: spec.environment.name };
    const { onConflict: own } = await environmentByName(open, spec.environment.name);
    const onConflict = own === 'inherit' ? this.settings.valueOf(onConflictSetting, place) : own;
    if (first && onConflict === 'reject') throw deploymentInProgress(spec, first);
    const superseded = onConflict === 'supersede' ? await this.supersede(open, id, active) : [];
    // Each lane has its own places: the way back must not be refused for what waits to go on.
    const waiting = active.filter(
      (each) => each.lane === lane && isWaiting(each) && !superseded.includes(each.id),
    );
    if (waiting.length >= this.settings.valueOf(queuedPerSlot, place))
      throw queueFull(spec, lane, waiting.length);
    return superseded;
  }

  /**
   * The active ones are taken back by the ordinary cancel, and the new one waits for the slot like
   * anybody else: it begins only when every node runs again what it ran before. What is being
   * rolled back stays: undoing a rollback would bring back what it was for.
   */
  private async supersede(
    open: OpenContext,
    by: string,
    active: readonly Active[],
  ): Promise<string[]> {
    const system = open.as(Context.system(open.tenantId, 'supersede'));
    const superseded: string[] = [];
    for (const { id, status, lane } of active) {
      if (lane === 'rollback' || !verbs.cancel.possibleIn.includes(status)) continue;
      const reason = `superseded by deployment ${by}`;
      const params = { supersededBy: by };
      if (await this.cancel(system, id, { reason, params })) superseded.push(id);
    }
    return superseded;
  }

  /** False: it came to its end while we were waiting for its row. */
  private async cancel(
    open: OpenContext,
    id: string,
    request: { reason: string; params: Readonly<Record<string, unknown>> },
  ): Promise<boolean> {
    try {
      await this.verbs.requestIn(open, id, { verb: 'cancel', ...request });
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === stateNotSuitable.code) return false;
      throw error;
    }
  }
}

const isWaiting = ({ status }: Active) => status === 'Pending' || status === 'PendingApproval';
