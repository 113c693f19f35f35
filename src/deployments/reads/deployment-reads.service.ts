import { Injectable } from '@nestjs/common';
import { foldJournal } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import { isOver } from '../../engine/run.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import type { Page } from '../../platform/http/page.js';
import { sorted } from '../../platform/http/sorted-page.js';
import { RETURNS, returnStates } from '../deployment.states.js';
import type {
  DeploymentDetail,
  DeploymentPlans,
  DeploymentSummary,
  Explanation,
} from '../deployments.dto.js';
import type { DeploymentsQuery } from '../deployments-query.dto.js';
import { Steps } from '../steps/steps.js';
import { warningsOf, wayBackWarnings } from '../steps/way-back-warnings.js';
import { openGate } from '../verbs/open-gate.js';
import { VERBS, verbs } from '../verbs/verbs.js';
import { detailView, summaryView } from './deployment-view.js';
import { deploymentRows } from './deployment-list.views.js';
import { deploymentRow } from './deployments.views.js';
import { explain } from './explain.js';
import { FailureLogReads } from './failure-log-reads.service.js';
import { journalOf } from './journal.queries.js';
import { planView } from './plan-view.js';
import { plansOf } from './plans.queries.js';

/** What clients may read of deployments. Every question is a constant number of statements. */
@Injectable()
export class DeploymentReads {
  constructor(
    private readonly database: Database,
    private readonly steps: Steps,
    private readonly failureLogs: FailureLogReads,
  ) {}

  async list(ctx: Context, query: DeploymentsQuery): Promise<Page<DeploymentSummary>> {
    return this.database.transaction(ctx, (open) =>
      sorted('deployments', query, {
        first: '-createdAt',
        age: 'createdAt',
        read: async (slice) => {
          const rows = await deploymentRows(open, query, slice);
          return rows.map((row) => ({ ...summaryView(row), sortValue: row.sortValue }));
        },
      }),
    );
  }

  /** Throws `deployment-not-found`. */
  async detail(ctx: Context, id: string): Promise<DeploymentDetail> {
    return this.database.transaction(ctx, async (open) => {
      const row = await deploymentRow(open, id);
      const journal = await journalOf(open, id);
      const folded = foldJournal(journal);
      const plans = await plansOf(open, [id]);
      const present = plans.find(({ number }) => number === folded.planNumber);
      return detailView(row, journal, folded, present?.plan ?? EMPTY_PLAN);
    });
  }

  /** Throws `deployment-not-found`. */
  async plans(ctx: Context, id: string): Promise<DeploymentPlans> {
    return this.database.transaction(ctx, async (open) => {
      const { subjectDigest } = await deploymentRow(open, id);
      const plans = await plansOf(open, [id]);
      return {
        subjectDigest,
        plans: plans.map(({ number, role, planDigest, plan }) => ({
          number,
          role,
          planDigest,
          ...planView(plan),
        })),
      };
    });
  }

  /** Throws `deployment-not-found`. */
  async explain(ctx: Context, id: string): Promise<Explanation> {
    return this.database.transaction(ctx, async (open) => {
      const row = await deploymentRow(open, id);
      const { waitingOn } = summaryView(row);
      const gate = await openGate(open, id, this.steps.registry);
      const canPromote = gate !== null && gate.verdict !== 'unstable';
      const possible = VERBS.filter(
        (verb) => verbs[verb].possibleIn.includes(row.status) && (verb !== 'promote' || canPromote),
      );
      const warnings = isOver(row.status) ? [] : await warningsNow(open, id);
      const failureLogs = await this.failureLogs.heads(open, row);
      const returns = RETURNS.filter((verb) => returnStates[verb].includes(row.status));
      return {
        id,
        status: row.status,
        summary: explain(row, [...failureSentence(id, failureLogs), ...warnings]),
        waitingOn,
        ...warningsOf(warnings),
        failureLogs,
        verbs: [...possible, ...returns],
      };
    });
  }
}

function failureSentence(id: string, logs: Explanation['failureLogs']): string[] {
  const nodes = [...new Set(logs.map(({ node }) => node))];
  if (nodes.length === 0) return [];
  const where = nodes.slice(0, 3).join(', ') + (nodes.length > 3 ? ', …' : '');
  return [`What failed on ${where} has left its last lines: "tidegate deployments log ${id}".`];
}

const EMPTY_PLAN: Plan = { role: 'forward', steps: [] };

/** Of the plan that the rollout goes by, or goes back by. */
async function warningsNow(open: OpenContext, id: string): Promise<string[]> {
  const last = (await plansOf(open, [id])).at(-1);
  return last ? wayBackWarnings(last.plan) : [];
}
