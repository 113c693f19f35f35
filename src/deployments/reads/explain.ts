import type { DeploymentRow } from './deployments.views.js';
import { waitWithGate } from './present-wait.js';

/** Why a deployment is where it is, in a sentence or two; and what to know before it is taken back. */
export function explain(row: DeploymentRow, warnings: readonly string[] = []): string {
  return [summaryOf(row), ...warnings].join(' ');
}

function summaryOf(row: DeploymentRow): string {
  const { status, reason } = row;
  const because = reason ? ` Reason: ${reason}.` : '';
  switch (status) {
    case 'Succeeded':
      return 'Every wave has settled; the cluster runs this release now.';
    case 'RolledBack':
      return `It was rolled back; the nodes run what they ran before.${because}`;
    case 'RollbackFailed':
      return `It could not be rolled back on every node: a person has to look.${because}`;
    case 'Cancelled':
      return `It was cancelled.${because}`;
    case 'Rejected':
      return `It was not approved, and nothing of it has moved.${because}`;
    case 'Failed':
      return `It ended, and nothing was rolled back.${because}`;
    default:
      break;
  }
  const waitingOn = waitWithGate(row);
  if (!waitingOn) return `It is ${status} and being worked on right now.${because}`;
  const { kind, detail, who, verb, until } = waitingOn;
  if (kind === 'approval') return askedOf(detail, who, until);
  const unblock = verb ? ` To go on: "${verb}", by ${who}.` : ` It waits for ${who}.`;
  const latest = until === null ? '' : ` Next decision by ${new Date(until).toISOString()}.`;
  return `${sentence(detail)}${unblock}${latest}${because}`;
}

/** `until` null: nobody can say. */
function askedOf(detail: string, who: string, until: number | null): string {
  const latest =
    until === null ? '' : ` If nobody decides by ${new Date(until).toISOString()}, it is rejected.`;
  return `${sentence(detail)} To go on: "approve" or "reject", by ${who}; nothing has moved, and it holds no slot.${latest}`;
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}
