import { Injectable } from '@nestjs/common';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { idempotent } from '../../platform/http/idempotency.js';
import { Settings } from '../../platform/settings/settings.js';
import { Acceptance, acceptedView } from '../acceptance/acceptance.service.js';
import type { Return } from '../deployment.states.js';
import { mustBeAllowed } from '../deployment-scopes.js';
import type { DeploymentAccepted } from '../deployments.dto.js';
import type { OriginRow } from '../deployments.store.js';
import { parseSpec, type DeploymentSpec } from '../planning/deployment-spec.js';
import { Holds } from '../holds/holds.service.js';
import { resolveSpec, type SpecRequest } from '../planning/resolve-spec.js';
import { lockOrigin } from './origin.js';
import type { RetryRequest, RollbackRequest } from './returns.dto.js';
import { underWay } from './returns.queries.js';
import { rollbackTarget } from './rollback-target.js';
import { refuseOther } from './under-way.js';
import { wasDownThen } from './was-down-then.js';

const permissionOf: Readonly<Record<Return, Permission>> = {
  rollback: Permission.DeploymentsRollback,
  retry: Permission.DeploymentsRetry,
};

/**
 * Going back, and trying again: new deployments that say where they come from. What is over stays
 * over. Both are resolved on the present rules of their environment, with the pair of old.
 */
@Injectable()
export class DeploymentReturns {
  constructor(
    private readonly database: Database,
    private readonly acceptance: Acceptance,
    private readonly settings: Settings,
    private readonly holds: Holds,
  ) {}

  rollback(ctx: Context, id: string, request: RollbackRequest, key: string | undefined) {
    return this.once(ctx, 'rollback', id, request, key, async (open, origin) => {
      const { to, strategy = { kind: 'direct' }, allowNoRollback } = request;
      const target = await rollbackTarget(open, origin, to);
      const asked = {
        ...pairOf(JSON.parse(target.specText) as DeploymentSpec),
        strategy,
        allowNoRollback,
        allowRolledBack: true,
        isReturn: true,
      };
      const spec = await resolveSpec(open, asked, this.settings);
      const accepted = await this.acceptance.accept(open, spec, {
        kind: 'rollback',
        originId: id,
        to,
        lane: 'rollback',
        reason: request.reason ?? null,
        metadata: target.metadata,
        warnings: await wasDownThen(open, id, spec),
      });
      const { reason = null } = request;
      const rolledBack = { deploymentId: id, rollbackId: accepted.id, reason };
      await this.holds.place(open, spec, rolledBack);
      return accepted;
    });
  }

  retry(ctx: Context, id: string, request: RetryRequest, key: string | undefined) {
    return this.once(ctx, 'retry', id, request, key, async (open, origin) => {
      const old = parseSpec(origin.specText);
      const asked = {
        ...pairOf(old),
        strategy: { kind: old.strategy.kind, ...old.strategy.params },
        gate: { kind: old.gate.kind, ...old.gate.params },
        allowNoRollback: request.allowNoRollback ?? old.allowNoRollback,
        // Whoever tries it again knows what became of it.
        allowRolledBack: true,
        isReturn: origin.lane === 'rollback',
        // It is asked again, by whatever counts now; what was asked for with it stays.
        requireApproval: old.approvals.some(({ policyId }) => policyId === null),
      };
      const spec = await resolveSpec(open, asked, this.settings);
      return this.acceptance.accept(open, spec, {
        kind: 'retry',
        originId: id,
        lane: origin.lane,
        reason: request.reason ?? null,
        metadata: origin.metadata,
      });
    });
  }

  /**
   * One answer per key; and without a key, asking for the same again while it is under way answers
   * that one.
   */
  private async once(
    ctx: Context,
    verb: Return,
    id: string,
    request: RetryRequest & Pick<RollbackRequest, 'to'>,
    key: string | undefined,
    work: (open: OpenContext, origin: OriginRow) => Promise<DeploymentAccepted>,
  ): Promise<DeploymentAccepted> {
    const call = {
      key,
      route: `POST /deployments/{id}/${verb}`,
      body: { id, ...request },
      mustBeAllowed: (open: OpenContext) => mustBeAllowed(open, id, permissionOf[verb]),
    };
    const answer = await idempotent(this.database, ctx, call, async (open) => {
      const origin = await lockOrigin(open, id, verb);
      const active = await underWay(open, id, verb);
      if (!active) return { status: 202, body: await work(open, origin) };
      await refuseOther(open, origin, active, request.to);
      const spec = JSON.parse(active.specText) as DeploymentSpec;
      return { status: 202, body: acceptedView(active.id, active.status, spec, active.warnings) };
    });
    return answer.body;
  }
}

function pairOf(spec: DeploymentSpec): SpecRequest {
  return {
    moduleName: spec.module.name,
    version: spec.release.version,
    targetEnvironment: spec.environment.name,
    cluster: spec.cluster.name,
    configurationId: spec.configuration?.id ?? null,
  };
}
