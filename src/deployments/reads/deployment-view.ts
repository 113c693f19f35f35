import type { FoldedJournal, JournalEntry } from '../../engine/journal.js';
import type { Plan } from '../../engine/plan.js';
import { linksOf, type DeploymentDetail, type DeploymentSummary } from '../deployments.dto.js';
import type { DeploymentSpec } from '../planning/deployment-spec.js';
import type { DeploymentRow } from './deployments.views.js';
import { progressOf } from './plan-view.js';
import { waitingView, waitWithGate } from './present-wait.js';

export function summaryView(row: DeploymentRow): DeploymentSummary {
  const spec = JSON.parse(row.specText) as DeploymentSpec;
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    reason: row.reason,
    moduleName: spec.module.name,
    version: spec.release.version,
    targetEnvironment: spec.environment.name,
    cluster: spec.cluster.name,
    strategy: { kind: spec.strategy.kind, ...spec.strategy.params },
    requestedBy: row.requestedBy,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    waitingOn: waitingNow(row),
    breakGlass: breakGlassOf(row),
  };
}

function breakGlassOf({ breakGlass }: DeploymentRow): DeploymentSummary['breakGlass'] {
  if (breakGlass === null) return null;
  const { at, reviewDueAt } = breakGlass;
  return {
    ...breakGlass,
    at: new Date(at).toISOString(),
    reviewDueAt: new Date(reviewDueAt).toISOString(),
  };
}

export function detailView(
  row: DeploymentRow,
  journal: readonly JournalEntry[],
  folded: FoldedJournal,
  plan: Plan,
): DeploymentDetail {
  const { gate: chosen } = JSON.parse(row.specText) as DeploymentSpec;
  return {
    ...summaryView(row),
    originId: row.originId,
    ending: row.ending,
    revision: row.revision,
    subjectDigest: row.subjectDigest,
    metadata: row.metadata,
    sequence: row.sequence,
    gate: { kind: chosen.kind, ...chosen.params },
    progress: progressOf(plan, folded, row.status),
    gateCheck: row.gate && {
      step: row.gate.stepId,
      verdict: row.gate.verdict,
      reason: row.gate.reason,
      reading: row.gate.reading && { ...row.gate.reading },
    },
    decision: decisionOf(journal),
    links: linksOf(row.id),
  };
}

/** The last step that ended the way forward, with the figures it was judged by. */
function decisionOf(journal: readonly JournalEntry[]): DeploymentDetail['decision'] {
  const entry = journal.findLast(
    ({ kind, data }) => kind === 'step-failed' && data.terminal === true,
  );
  if (!entry) return null;
  return {
    step: entry.stepId ?? '',
    reason: typeof entry.data.message === 'string' ? entry.data.message : '',
    at: new Date(entry.at).toISOString(),
    reading: (entry.data.reading as Record<string, unknown> | undefined) ?? null,
  };
}

function waitingNow(row: DeploymentRow): DeploymentSummary['waitingOn'] {
  const wait = waitWithGate(row);
  return wait && waitingView(wait);
}
