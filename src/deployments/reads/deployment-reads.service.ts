import { Injectable } from '@nestjs/common';
import { foldJournal, type JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import { isOver } from '../../engine/run.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { newestFirst, type Page } from '../../platform/http/page.js';
import { deploymentNotFound } from '../deployment.errors.js';
import { RETURNS, returnStates } from '../deployment.states.js';
import type {
  DeploymentDetail,
  DeploymentPlans,
  DeploymentsQuery,
  DeploymentSummary,
  Explanation,
} from '../deployments.dto.js';
import { Steps } from '../steps/steps.js';
import { warningsOf, wayBackWarnings } from '../steps/way-back-warnings.js';
import { openGate } from '../verbs/open-gate.js';
import { VERBS, verbs } from '../verbs/verbs.js';
import { detailView, summaryView, type DeploymentRow } from './deployment-view.js';
import { explain } from './explain.js';
import { planView } from './plan-view.js';
import { WAIT_COLUMNS } from './present-wait.js';

/** What clients may read of deployments. Every question is a constant number of statements. */
@Injectable()
export class DeploymentReads {
  constructor(
    private readonly database: Database,
    private readonly steps: Steps,
  ) {}

  async list(ctx: Context, query: DeploymentsQuery): Promise<Page<DeploymentSummary>> {
    const { status = null, environment = null, module = null } = query;
    return this.database.transaction(ctx, (open) =>
      newestFirst('deployments', query, async (before, take) => {
        const rows = await open.tx.query<DeploymentRow>(LIST_SQL, [
          open.tenantId,
          before,
          status,
          environment,
          module,
          take,
        ]);
        return rows.map(summaryView);
      }),
    );
  }

  async detail(ctx: Context, id: string): Promise<DeploymentDetail> {
    return this.database.transaction(ctx, async (open) => {
      const row = await this.row(open, id);
      const journal = await journalOf(open, id);
      const folded = foldJournal(journal);
      const plans = await plansOf(open, id);
      const plan = plans.find(({ number }) => number === folded.planNumber);
      return detailView(row, journal, folded, JSON.parse(plan?.bodyText ?? EMPTY_PLAN) as Plan);
    });
  }

  async plans(ctx: Context, id: string): Promise<DeploymentPlans> {
    return this.database.transaction(ctx, async (open) => {
      const { subjectDigest } = await this.row(open, id);
      const plans = await plansOf(open, id);
      return {
        subjectDigest,
        plans: plans.map(({ number, role, planDigest, bodyText }) => ({
          number,
          role,
          planDigest,
          ...planView(JSON.parse(bodyText) as Plan),
        })),
      };
    });
  }

  async explain(ctx: Context, id: string): Promise<Explanation> {
    return this.database.transaction(ctx, async (open) => {
      const row = await this.row(open, id);
      const { waitingOn } = summaryView(row);
      const gate = await openGate(open, id, this.steps.registry);
      const canPromote = gate !== null && gate.verdict !== 'unstable';
      const possible = VERBS.filter(
        (verb) => verbs[verb].possibleIn.includes(row.status) && (verb !== 'promote' || canPromote),
      );
      const warnings = isOver(row.status) ? [] : await warningsNow(open, id);
      const returns = RETURNS.filter((verb) => returnStates[verb].includes(row.status));
      return {
        id,
        status: row.status,
        summary: explain(row, warnings),
        waitingOn,
        ...warningsOf(warnings),
        verbs: [...possible, ...returns],
      };
    });
  }

  private async row(open: OpenContext, id: string): Promise<DeploymentRow> {
    const [row] = await open.tx.query<DeploymentRow>(
      `select ${COLUMNS} ${FROM} where d.tenant_id = $1 and d.id = $2`,
      [open.tenantId, id],
    );
    if (row) return row;
    throw deploymentNotFound();
  }
}

const EMPTY_PLAN = '{"role":"forward","steps":[]}';

const COLUMNS = `d.id, d.kind, d.status, d.reason, d.ending, d.version as revision,
  d.origin_id as "originId", d.spec_text as "specText", d.subject_digest as "subjectDigest",
  d.metadata, d.requested_by as "requestedBy", d.created_at as "createdAt",
  d.started_at as "startedAt", d.finished_at as "finishedAt", d.journal_seq as sequence,
  r.gate, ${WAIT_COLUMNS}`;

const FROM = `from deployments d
  left join runs r on r.tenant_id = d.tenant_id and r.kind = 'deployment' and r.id = d.id`;

const LIST_SQL = `select ${COLUMNS} ${FROM}
  join environments e on e.tenant_id = d.tenant_id and e.id = d.environment_id
  join modules m on m.tenant_id = d.tenant_id and m.id = d.module_id
  where d.tenant_id = $1 and ($2::uuid is null or d.id < $2)
    and ($3::text is null or d.status = $3)
    and ($4::text is null or e.name_key = lower($4))
    and ($5::text is null or m.name = $5)
  order by d.id desc limit $6`;

interface PlanRow {
  readonly number: number;
  readonly role: 'forward' | 'undo';
  readonly planDigest: string;
  readonly bodyText: string;
}

function plansOf(open: OpenContext, id: string): Promise<PlanRow[]> {
  return open.tx.query<PlanRow>(
    `select number, role, plan_digest as "planDigest", body_text as "bodyText" from plans
     where tenant_id = $1 and deployment_id = $2 order by number`,
    [open.tenantId, id],
  );
}

/** Of the plan that the rollout goes by, or goes back by. */
async function warningsNow(open: OpenContext, id: string): Promise<string[]> {
  const plan = (await plansOf(open, id)).at(-1);
  return plan ? wayBackWarnings(JSON.parse(plan.bodyText) as Plan) : [];
}

function journalOf(open: OpenContext, id: string): Promise<JournalEntry[]> {
  return open.tx.query<JournalEntry>(
    `select seq, (extract(epoch from at) * 1000)::float8 as at, plan_number as "planNumber",
       step_id as "stepId", attempt, kind, actor, data
     from journal where tenant_id = $1 and deployment_id = $2 order by seq`,
    [open.tenantId, id],
  );
}
