import { Injectable } from '@nestjs/common';
import { firstIdAt } from '../../../kernel/ids.js';
import { Permission } from '../../../kernel/permission.js';
import type { Context, OpenContext } from '../../../platform/context.js';
import { Database } from '../../../platform/database/database.js';
import { environmentByName } from '../../../fleet/fleet.queries.js';
import { Settings } from '../../../platform/settings/settings.js';
import { mustBeAllowed } from '../../deployment-scopes.js';
import { gates } from '../../gates/gates.js';
import { parseSpec, type DeploymentSpec } from '../../planning/deployment-spec.js';
import { lookAt } from '../requests/look.js';
import { ApprovalOverrides } from '../requests/overrides.js';
import { lastRequest } from '../requests/requests.store.js';
import { callerStanding } from './caller-standing.js';
import { comparedLimits, otherStrategy } from './compared-choices.js';
import { gateOf, strategyOf } from './environment-choices.js';
import { PresentReleases } from './present-releases.js';
import { decisionView, historyView, placedView, requestView } from './request-views.js';
import { namedIn, ruleViews } from './rule-views.js';
import type { ApprovalSubject } from './subject.dto.js';
import {
  alsoWaiting,
  namesOf,
  releaseHistory,
  subjectRow,
  type SubjectRow,
} from './subject.views.js';

/** What a decision is about, for whoever takes it. Reads only: looking at it changes nothing. */
@Injectable()
export class ApprovalSubjects {
  constructor(
    private readonly database: Database,
    private readonly present: PresentReleases,
    private readonly settings: Settings,
    private readonly overrides: ApprovalOverrides,
  ) {}

  /** Throws `deployment-not-found`, `permission-missing`. */
  subject(ctx: Context, id: string): Promise<ApprovalSubject> {
    return this.database.transaction(ctx, async (open) => {
      await mustBeAllowed(open, id, Permission.ApprovalsRead);
      const row = await subjectRow(open, id);
      const spec = parseSpec(row.specText);
      return {
        ...headOf(row, spec),
        ...(await this.asked(open, row, spec)),
        ...(await this.present.differences(open, row, spec)),
        ...(await this.choices(open, spec)),
        releaseHistory: await historyOf(open, row),
        waiting: (await alsoWaiting(open, row)).map(placedView),
      };
    });
  }

  /** Who is asked, how far that has come, and what the caller could do about it. */
  private async asked(open: OpenContext, row: SubjectRow, spec: DeploymentSpec): Promise<Asked> {
    const request = await lastRequest(open, row.id);
    const { subjectDigest, now } = row;
    if (!request) {
      const you = { canDecide: false, why: 'Nobody is asked to approve it.' };
      return { subjectDigest, request: null, rules: [], decisions: [], you };
    }
    const look = await lookAt(open, { spec, request, now }, this.overrides);
    const names = await namesOf(open, namedIn(look));
    const nameOf = (id: string) => names.get(id) ?? GONE;
    return {
      subjectDigest: request.subjectDigest,
      request: requestView(request),
      rules: ruleViews(look, now, nameOf),
      decisions: look.decisions.map(decisionView),
      you: callerStanding(open, request, look),
    };
  }

  private async choices(
    open: OpenContext,
    { environment: { name }, strategy, gate }: DeploymentSpec,
  ): Promise<Pick<ApprovalSubject, 'strategy' | 'gate'>> {
    const environment = await environmentByName(open, name);
    const place = { tenantId: open.tenantId, environment: name };
    const theirs = gateOf(environment, this.settings, place);
    return {
      strategy: { ...strategy, differs: otherStrategy(strategy, strategyOf(environment)) },
      gate: {
        kind: gate.kind,
        environmentKind: theirs.kind,
        limits: comparedLimits(gates.get(gate.kind), gate, theirs),
      },
    };
  }
}

type Asked = Pick<ApprovalSubject, 'subjectDigest' | 'request' | 'rules' | 'decisions' | 'you'>;
type Head = Pick<
  ApprovalSubject,
  | 'deploymentId'
  | 'kind'
  | 'status'
  | 'moduleName'
  | 'version'
  | 'targetEnvironment'
  | 'cluster'
  | 'requestedBy'
  | 'createdAt'
  | 'metadata'
  | 'release'
>;

/** A person or a group that a rule still names. */
const GONE = '(gone)';

/** Clocks of two processes differ by less. */
const CLOCK_SLACK_MS = 3_600_000;

function headOf(row: SubjectRow, spec: DeploymentSpec): Head {
  const { releaseDigest, artifactDigest, version } = spec.release;
  return {
    deploymentId: row.id,
    kind: row.kind,
    status: row.status,
    moduleName: spec.module.name,
    version,
    targetEnvironment: spec.environment.name,
    cluster: spec.cluster.name,
    requestedBy: row.requestedBy,
    createdAt: row.createdAt.toISOString(),
    metadata: row.metadata,
    release: {
      releaseDigest,
      artifactDigest,
      createdBy: row.releasedBy,
      createdAt: row.releasedAt.toISOString(),
      signedWith: row.signedWith,
    },
  };
}

async function historyOf(open: OpenContext, row: SubjectRow) {
  const firstId = firstIdAt(row.releasedAt.getTime() - CLOCK_SLACK_MS);
  return (await releaseHistory(open, row, firstId)).map(historyView);
}
