import type { ErrorCode } from '../../../platform/http/error-codes.js';

/** What the routes of the agents can answer. */
export const agentErrors = [
  {
    code: 'enrollment-token-unknown',
    kind: 'unauthenticated',
    meaning: 'The enrolment token does not exist. Ask an Admin for a new one.',
  },
  {
    code: 'enrollment-token-used',
    kind: 'unauthenticated',
    meaning: 'The enrolment token was used already; each is good for one node.',
  },
  {
    code: 'enrollment-token-expired',
    kind: 'unauthenticated',
    meaning: 'The enrolment token is older than 15 minutes. Ask an Admin for a new one.',
  },
  {
    code: 'enrollment-token-revoked',
    kind: 'unauthenticated',
    meaning: 'The enrolment token was revoked. Ask an Admin for a new one.',
  },
  {
    code: 'enrollment-name-mismatch',
    kind: 'conflict',
    meaning: 'The token is for a node of another name.',
  },
  {
    code: 'node-name-taken',
    kind: 'conflict',
    meaning: 'Another node of the cluster has that name. Choose another, or revoke that node.',
  },
  {
    code: 'node-key-taken',
    kind: 'conflict',
    meaning:
      'The key is another node’s, or was that of a revoked one. Remove `node.key` from the agent’s folder; it makes a new one.',
  },
  {
    code: 'agent-token-missing',
    kind: 'unauthenticated',
    meaning: 'The route is for enrolled nodes: send the token that the node signs with its key.',
  },
  {
    code: 'agent-token-invalid',
    kind: 'unauthenticated',
    meaning: 'The token is not one that an enrolled node signed for this server.',
  },
  {
    code: 'clock-skew',
    kind: 'unauthenticated',
    meaning:
      'The clocks of node and server differ by more than 30 s. `details.serverTime` is the server’s.',
  },
  {
    code: 'node-revoked',
    kind: 'unauthenticated',
    meaning:
      'The node was revoked. To bring it back, remove `identity.json` and `node.key` from the agent’s folder and enrol it again.',
  },
  {
    code: 'artifact-not-found',
    kind: 'not-found',
    meaning: 'The artifact is not among those that this node should run.',
  },
  {
    code: 'node-duplicated',
    kind: 'conflict',
    meaning:
      'The node reports from another machine: this one is a copy, or was started again a moment ago. The first one goes on being served; see `suspicion` of the node.',
  },
  {
    code: 'downloads-busy',
    kind: 'unavailable',
    meaning: 'Many nodes of the cluster are downloading. Try again as Retry-After says.',
  },
] as const satisfies readonly ErrorCode[];
