import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../kernel/canonical-json.js';
import { newId } from '../../kernel/ids.js';
import type { RunStatus } from '../../engine/run.js';
import { Audit } from '../../platform/audit/audit.js';
import type { OpenContext } from '../../platform/context.js';
import { Outbox } from '../../platform/outbox/outbox.js';
import { WakeUp } from '../../platform/queue/wake-up.js';
import { Signal } from '../../platform/signal/signal.js';
import { Topic } from '../../platform/signal/topics.js';
import { DeploymentMetrics } from '../deployment.metrics.js';
import type { Lane } from '../deployment.states.js';
import { linksOf, type DeploymentAccepted } from '../deployments.dto.js';
import { addDeployment, type CameBy } from '../deployments.store.js';
import { subjectOf, type DeploymentSpec } from '../planning/deployment-spec.js';
import { Planner } from '../planning/planner.js';
import { FIRST_SEQ } from '../runs/journal.store.js';
import { deploymentRun, RUN_KIND } from '../runs/runs.store.js';
import { warningsOf, wayBackWarnings } from '../steps/way-back-warnings.js';
import { ConflictPolicy } from './conflict-policy.js';

/** How a deployment came to be. */
export interface Origin {
  readonly kind: CameBy;
  readonly originId: string | null;
  /** Of a rollback: the deployment that the request named as what shall come back. */
  readonly to?: string | undefined;
  /** Rollbacks go first: in the queue for a slot, and for the engine. */
  readonly lane: Lane;
  readonly reason: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** What is known against it beforehand, besides what its plan says. */
  readonly warnings?: readonly string[];
}

/** The one way in: every deployment, whoever asked for it and how, is planned and written here. */
@Injectable()
export class Acceptance {
  constructor(
    private readonly planner: Planner,
    private readonly conflicts: ConflictPolicy,
    private readonly audit: Audit,
    private readonly wakeUp: WakeUp,
    private readonly signal: Signal,
    private readonly metrics: DeploymentMetrics,
    private readonly outbox: Outbox,
  ) {}

  async accept(
    open: OpenContext,
    spec: DeploymentSpec,
    origin: Origin,
  ): Promise<DeploymentAccepted> {
    const planned = await this.planner.plan(open, spec);
    const id = newId();
    const { kind, originId, to, lane, reason, metadata } = origin;
    // Last before writing: it holds the slot's lock until the end of the transaction.
    const superseded = await this.conflicts.settle(open, { id, lane }, spec);
    const warnings = [...(origin.warnings ?? []), ...wayBackWarnings(planned.plan)];
    const { digest: subjectDigest } = subjectOf(open.tenantId, spec);
    const about = {
      ...(originId ? { kind, originId } : {}),
      ...(to ? { to } : {}),
      ...(reason ? { reason } : {}),
      ...(superseded.length > 0 ? { supersedes: superseded } : {}),
      ...warningsOf(warnings),
    };
    await addDeployment(open, {
      kind: RUN_KIND,
      id,
      environmentId: spec.environment.id,
      clusterId: spec.cluster.id,
      moduleId: spec.module.id,
      releaseId: spec.release.id,
      configurationId: spec.configuration?.id ?? null,
      strategy: spec.strategy.kind,
      specText: canonicalJson(spec),
      subjectDigest,
      metadata: JSON.stringify(metadata),
      planText: planned.planText,
      planDigest: planned.planDigest,
      factsText: planned.factsText,
      created: JSON.stringify({ status: 'Pending', previousStatus: null, ...about }),
      cameBy: kind,
      originId,
      lane,
    });
    await this.outbox.append(open, { streamId: id, upToSeq: FIRST_SEQ });
    await this.audit.append(open, {
      category: 'deployments',
      action: kind === 'deploy' ? 'deployment-created' : `${kind}-created`,
      subject: { kind: 'deployment', id },
      body: { module: spec.module.name, version: spec.release.version, subjectDigest, ...about },
    });
    const key = deploymentRun(open.tenantId, id);
    open.tx.commitsAs('accept');
    open.tx.afterCommit(() => {
      if (lane === 'rollback') this.wakeUp.urgently(key);
      else this.wakeUp.now(key);
      this.signal.publish(Topic.Deployment, id);
      this.metrics.accepted(open.tenantId, spec);
    });
    return acceptedView(id, 'Pending', spec, warnings);
  }
}

export function acceptedView(
  id: string,
  status: RunStatus,
  spec: DeploymentSpec,
  warnings: readonly string[],
): DeploymentAccepted {
  return {
    id,
    status,
    moduleName: spec.module.name,
    version: spec.release.version,
    targetEnvironment: spec.environment.name,
    cluster: spec.cluster.name,
    strategy: { kind: spec.strategy.kind, ...spec.strategy.params },
    ...warningsOf(warnings),
    links: linksOf(id),
  };
}
