/**
 * What a receipt states, made from its entries and nothing else. Whoever issues one and whoever checks it
 * call this; a receipt that states anything else is refused. Pure.
 */
import {
  CREATED_ACTIONS,
  END_ACTIONS,
  PASSKEY_ACTION,
  WORKLOAD_ACTION,
} from './receipt-actions.js';
import type { Fields, StatedEntry } from './stated-entry.js';

export type Summary = Readonly<Record<string, unknown>>;

const CAME_BY: Readonly<Record<string, string>> = {
  'deployment-created': 'deploy',
  'rollback-created': 'rollback',
  'retry-created': 'retry',
};
const ENDS: Readonly<Record<string, string>> = {
  'deployment-succeeded': 'Succeeded',
  'deployment-failed': 'Failed',
  'deployment-rolled-back': 'RolledBack',
  'deployment-rollback-failed': 'RollbackFailed',
  'deployment-cancelled': 'Cancelled',
  'deployment-rejected': 'Rejected',
};
/** What people are asked, and how that ends; decisions are told beside. */
const ASKED: readonly string[] = [
  'approval-requested',
  'approvals-voided',
  'approval-granted',
  'approval-reopened',
  'approval-expired',
  'approval-replaced',
];
const DECIDED: Readonly<Record<string, string>> = {
  'approval-given': 'approve',
  'approval-rejected': 'reject',
  'approval-withdrawn': 'withdraw',
};
const VERBS: Readonly<Record<string, string>> = {
  'promote-requested': 'promote',
  'cancel-requested': 'cancel',
};

/** `entries`: in the order of the log. */
export function summaryOf(entries: readonly StatedEntry[]): Summary {
  const those = (actions: readonly string[]) =>
    entries.filter(({ action }) => actions.includes(action));
  const [created] = those(CREATED_ACTIONS);
  const [end] = those(END_ACTIONS);
  const [started] = those(['deployment-started']);
  const passkeys = those([PASSKEY_ACTION]);
  return {
    asked: created ? askedIn(created, those([WORKLOAD_ACTION])) : null,
    deployed: created ? deployedIn(created) : null,
    startedAt: started?.at ?? null,
    approvals: {
      requests: those(ASKED).map(requestIn),
      decisions: those(Object.keys(DECIDED)).map(decisionIn),
      passkeys: passkeys.map(passkeyIn),
    },
    breakGlass: those(['break-glass-used']).map(breakGlassIn),
    breakGlassReviews: those(['break-glass-reviewed']).map(reviewIn),
    breakGlassOverdue: those(['break-glass-overdue']).map((entry) => ({ ...whenOf(entry) })),
    freezeOverrides: those(['freeze-overridden']).map(overrideIn),
    verbs: those(Object.keys(VERBS)).map(verbIn),
    waves: those(['deployment-wave-moved']).map(waveIn),
    verdicts: those(['deployment-gate-judged']).map(verdictIn),
    turnedBackAt: those(['deployment-rollback-started'])[0]?.at ?? null,
    end: end ? endIn(end) : null,
  };
}

const whenOf = ({ sequence, at }: StatedEntry) => ({ sequence, at });

export function whoOf({ actor, actingFor, personal }: StatedEntry) {
  return {
    kind: actor.kind,
    id: actor.id,
    name: personal('/actor/name') ?? openName(actor),
    actingFor,
  };
}

/** Names of what is no person stand in the entry itself. */
function openName(actor: StatedEntry['actor']): string | null {
  const { name } = actor as { readonly name?: unknown };
  return typeof name === 'string' ? name : null;
}

/** A member, whether it is somebody's own or not. */
function memberOf({ body, personal }: StatedEntry, name: string): unknown {
  return personal(`/body/${name}`) ?? body[name] ?? null;
}

const take = (body: Fields, ...names: readonly string[]): Fields =>
  Object.fromEntries(names.map((name) => [name, body[name] ?? null]));

function askedIn(entry: StatedEntry, tokens: readonly StatedEntry[]) {
  const { body, deploymentId, requestId } = entry;
  const token = tokens.find((each) => each.body['tokenId'] === body['workloadTokenId']);
  return {
    ...whenOf(entry),
    deploymentId,
    cameBy: CAME_BY[entry.action],
    by: whoOf(entry),
    requestId,
    ...take(body, 'originId', 'reason'),
    workload: token
      ? {
          ...whenOf(token),
          identity: token.subject['id'] ?? null,
          ...take(token.body, 'rule', 'tokenId', 'claims'),
        }
      : null,
  };
}

function deployedIn({ body }: StatedEntry) {
  const deployed = (body['deployed'] ?? {}) as Fields;
  return {
    ...take(body, 'module', 'version', 'releaseId', 'subjectDigest'),
    ...take(deployed, 'artifactDigest', 'manifestDigest', 'releaseDigest', 'configuration'),
    ...take(deployed, 'environment', 'cluster', 'strategy', 'gate'),
  };
}

function requestIn(entry: StatedEntry) {
  const { action, body } = entry;
  return {
    ...whenOf(entry),
    event: action,
    ...take(body, 'requestNumber', 'subjectDigest', 'deadlineAt', 'rules', 'reason'),
    ...take(body, 'counted', 'isOverridden'),
  };
}

function decisionIn(entry: StatedEntry) {
  const { action, body } = entry;
  return {
    ...whenOf(entry),
    decision: DECIDED[action],
    by: whoOf(entry),
    as: memberOf(entry, 'by'),
    ...take(body, 'decisionId', 'requestNumber', 'subjectDigest', 'comment', 'reason'),
    ...take(body, 'personId', 'gateId', 'evidence'),
  };
}

function passkeyIn(entry: StatedEntry) {
  return {
    ...whenOf(entry),
    of: whoOf(entry),
    ...take(entry.body, 'credentialId', 'publicKeyDigest'),
  };
}

function breakGlassIn(entry: StatedEntry) {
  const { body } = entry;
  const about = take(body, 'requestNumber', 'subjectDigest', 'reason', 'reviewDueAt');
  return { ...whenOf(entry), by: whoOf(entry), ...about };
}

function reviewIn(entry: StatedEntry) {
  return { ...whenOf(entry), by: whoOf(entry), ...take(entry.body, 'verdict', 'comment') };
}

function overrideIn(entry: StatedEntry) {
  return { ...whenOf(entry), by: whoOf(entry), ...take(entry.body, 'reason', 'freezes') };
}

function verbIn(entry: StatedEntry) {
  const { action, body } = entry;
  return { ...whenOf(entry), verb: VERBS[action], by: whoOf(entry), ...take(body, 'reason') };
}

function waveIn(entry: StatedEntry) {
  const about = take(entry.body, 'plan', 'role', 'step', 'wave', 'nodes', 'nodesDigest');
  return { ...whenOf(entry), ...about };
}

function verdictIn(entry: StatedEntry) {
  const { body } = entry;
  return {
    ...whenOf(entry),
    ...take(body, 'plan', 'step', 'wave', 'gate', 'outcome', 'verdict', 'reason'),
    ...take(body, 'samples', 'requests', 'measures'),
    promotedBy: memberOf(entry, 'promotedBy'),
  };
}

function endIn(entry: StatedEntry) {
  const { body } = entry;
  return {
    ...whenOf(entry),
    status: ENDS[entry.action],
    reason: body['reason'] ?? null,
    by: memberOf(entry, 'by'),
  };
}
