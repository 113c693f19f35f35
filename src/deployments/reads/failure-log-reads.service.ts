import { Injectable } from '@nestjs/common';
import type { FailureLogHead, MovedNode } from '../../drivers/targets/target.js';
import { Targets } from '../../drivers/targets/targets.js';
import { foldJournal } from '../../engine/journal.js';
import { failureLogLimits } from '../../kernel/failure-log-limits.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { failureLogNotFound } from '../deployment.errors.js';
import type { Explanation } from '../deployments.dto.js';
import type { FailureLog } from '../failure-logs.dto.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import { movedNodes } from '../steps/moved-nodes.js';
import { stepTypes } from '../strategies/step-types.js';
import { deploymentRow, type DeploymentRow } from './deployments.views.js';
import { journalOf } from './journal.queries.js';
import { plansOf } from './plans.queries.js';

/** What failed instances and hooks of a deployment have printed, as far as nodes have sent it. */
@Injectable()
export class FailureLogReads {
  constructor(
    private readonly database: Database,
    private readonly targets: Targets,
  ) {}

  /** Throws `deployment-not-found`, `failure-log-not-found`. */
  async ofNode(ctx: Context, id: string, node: string): Promise<FailureLog> {
    return this.database.transaction(ctx, async (open) => {
      const row = await deploymentRow(open, id);
      const { logs, question } = await this.asked(open, row);
      const log = await logs?.newest(open, question, node);
      if (!log) throw failureLogNotFound();
      const { generation, releaseId, lines, isCut } = log;
      return { ...headOf(log), generation, releaseId, lines: [...lines], isCut };
    });
  }

  /** Which nodes have some, the newest first. */
  async heads(open: OpenContext, row: DeploymentRow): Promise<Explanation['failureLogs']> {
    const { logs, question } = await this.asked(open, row);
    return ((await logs?.heads(open, question, failureLogLimits.explained)) ?? []).map(headOf);
  }

  private async asked(open: OpenContext, { id, specText }: DeploymentRow) {
    const { cluster, module } = JSON.parse(specText) as DeploymentSpec;
    const logs = this.targets.get(cluster.targetKind).failureLogs;
    const moved = await movedBy(open, id);
    return { logs, question: { moduleId: module.id, deploymentId: id, moved } };
  }
}

/** What each node was told, there and back, as the moves' own journal entries say. */
async function movedBy(open: OpenContext, id: string): Promise<MovedNode[]> {
  const journal = foldJournal(await journalOf(open, id));
  const plans = await plansOf(open, [id]);
  return plans.flatMap(({ number: planNumber, plan }) =>
    plan.steps
      .filter((step) => stepTypes.move.is(step))
      .flatMap((step) => {
        const { generations = [] } = stepTypes.move.outputOf({ journal, planNumber }, step) ?? {};
        return movedNodes(step, generations).flatMap(({ nodeId, generation }) =>
          generation === null ? [] : [{ nodeId, generation }],
        );
      }),
  );
}

function headOf({ nodeId, name, source, code, at }: FailureLogHead) {
  return { nodeId, node: name, source, code, at: at.toISOString() };
}
