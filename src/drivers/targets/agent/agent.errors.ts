import { limits } from '../../../kernel/limits.js';
import { errorEntry } from '../../../kernel/error-entry.js';

/** What the routes of the agents can answer. */

export const enrollmentTokenUnknown = errorEntry({
  code: 'enrollment-token-unknown',
  kind: 'unauthenticated',
  meaning: 'The enrolment token does not exist. Ask an Admin for a new one.',
  tell: () => askAnew('This enrolment token does not exist.'),
});

export const enrollmentTokenUsed = errorEntry({
  code: 'enrollment-token-used',
  kind: 'unauthenticated',
  meaning: 'The enrolment token was used already; each is good for one node.',
  tell: () => askAnew('This enrolment token was used already.'),
});

export const enrollmentTokenExpired = errorEntry({
  code: 'enrollment-token-expired',
  kind: 'unauthenticated',
  meaning: 'The enrolment token is older than 15 minutes. Ask an Admin for a new one.',
  tell: () => askAnew('This enrolment token has expired.'),
});

export const enrollmentTokenRevoked = errorEntry({
  code: 'enrollment-token-revoked',
  kind: 'unauthenticated',
  meaning: 'The enrolment token was revoked. Ask an Admin for a new one.',
  tell: () => askAnew('This enrolment token was revoked.'),
});

export const enrollmentNameMismatch = errorEntry({
  code: 'enrollment-name-mismatch',
  kind: 'conflict',
  meaning: 'The token is for a node of another name.',
  tell: (name: string) =>
    `This token is for a node named "${name}". Start the agent with that name, or make another token.`,
});

export const nodeNameTaken = errorEntry({
  code: 'node-name-taken',
  kind: 'conflict',
  meaning: 'Another node of the cluster has that name. Choose another, or revoke that node.',
  tell: (name: string) =>
    `Another node of this cluster is named "${name}". Choose another name, or revoke that node first.`,
});

export const nodeKeyTaken = errorEntry({
  code: 'node-key-taken',
  kind: 'conflict',
  meaning:
    'The key belongs to another node, or to a revoked one. Remove `node.key` from the agent’s folder; it makes a new one.',
  tell: () =>
    'This key belongs to another node, or to a revoked one. Remove node.key from the agent’s folder and start it again; it makes a new one.',
});

export const agentTokenMissing = errorEntry({
  code: 'agent-token-missing',
  kind: 'unauthenticated',
  meaning: 'The route is for enrolled nodes: send the token that the node signs with its key.',
  tell: () => 'Send the token of an enrolled node as Bearer.',
});

export const agentTokenInvalid = errorEntry({
  code: 'agent-token-invalid',
  kind: 'unauthenticated',
  meaning: 'The token is not one that an enrolled node signed for this server.',
  tell: (text?: string) => ({ text }),
});

export const clockSkew = errorEntry({
  code: 'clock-skew',
  kind: 'unauthenticated',
  meaning:
    'The clocks of node and server differ by more than 30 s. `details.serverTime` is the server’s.',
  tell: (serverTime: string) => ({
    text: 'The token is from another time. Set the clock of the node, or use the Date of this answer.',
    details: { serverTime },
  }),
});

export const nodeRevoked = errorEntry({
  code: 'node-revoked',
  kind: 'unauthenticated',
  meaning:
    'The node was revoked. To bring it back, remove `identity.json` and `node.key` from the agent’s folder and enrol it again.',
  tell: () =>
    'This node was revoked. To bring it back, remove identity.json and node.key from the agent’s folder and enrol it again.',
});

export const artifactNotFound = errorEntry({
  code: 'artifact-not-found',
  kind: 'not-found',
  meaning: 'The artifact is not among those that this node should run.',
  tell: () =>
    'There is no such artifact among those that this node should run. Ask for the desired state again.',
});

export const nodeDuplicated = errorEntry({
  code: 'node-duplicated',
  kind: 'conflict',
  meaning:
    'The node reports from another machine: this one is a copy, or was started again a moment ago. The first one goes on being served; see `suspicion` of the node.',
  tell: (name: string) =>
    `Node "${name}" reports from another machine. If this one is a copy of it, remove the agent's folder and enrol it under a name of its own. If it was started again, it is let in after ${limits.nodeLostMs / 1000} s. If you know of no copy, its key was stolen: revoke the node and enrol it again.`,
});

export const downloadsBusy = errorEntry({
  code: 'downloads-busy',
  kind: 'unavailable',
  meaning: 'Many nodes of the cluster are downloading. Try again as Retry-After says.',
  tell: (underWay: number) => ({
    text: `${underWay} nodes of this cluster are downloading. Try again in a few seconds.`,
    details: { retryAfterSeconds: DOWNLOAD_RETRY_SECONDS },
  }),
});

const DOWNLOAD_RETRY_SECONDS = 2;

function askAnew(sentence: string): string {
  return `${sentence} Ask an Admin for a new one: POST /api/v1/nodes/enrollment-tokens.`;
}
