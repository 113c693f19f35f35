import type { ErrorCode } from '../platform/http/error-codes.js';

/** What deployments can answer. */
export const deploymentErrors = [
  {
    code: 'deployment-not-found',
    kind: 'not-found',
    meaning: 'There is no deployment with this id, or it is not yours.',
  },
  {
    code: 'no-serving-nodes',
    kind: 'conflict',
    meaning: 'No node of the cluster is Healthy. Enrol one, or see `GET /nodes` for what is wrong.',
  },
  {
    code: 'plan-not-possible',
    kind: 'conflict',
    meaning:
      'Every possible plan would leave fewer serving nodes than the cluster’s minAvailable. Nodes whose release is down do not serve, and may be moved.',
  },
  {
    code: 'override-not-permitted',
    kind: 'forbidden',
    meaning:
      'The environment does not allow the strategy, or the request loosens its gate without the permission `gates:override`.',
  },
  {
    code: 'unknown-strategy',
    kind: 'invalid',
    meaning: 'There is no such strategy. `details.known` lists them.',
  },
  {
    code: 'unknown-gate',
    kind: 'invalid',
    meaning: 'There is no such gate. `details.known` lists them.',
  },
  {
    code: 'invalid-gate-params',
    kind: 'invalid',
    meaning: 'A parameter of the gate is unknown or out of range; `details.problems` names it.',
  },
  {
    code: 'approvals-not-supported',
    kind: 'unprocessable',
    meaning: 'This version cannot ask for approvals yet: `requireApproval` must be false.',
  },
  {
    code: 'hook-outcome-needed',
    kind: 'conflict',
    meaning:
      'A crash has cut off a hook that must not run twice, on the nodes in `details.nodes`. Look there, then resume with `outcome`.',
  },
  {
    code: 'no-hook-to-answer',
    kind: 'conflict',
    meaning:
      'No hook was cut off on the node that was named, or on any; `details.nodes` lists where one was.',
  },
  {
    code: 'acceptance-busy',
    kind: 'unavailable',
    meaning:
      'More deployments are being posted than can be accepted, for half a minute by now. Repeat the request with the same Idempotency-Key.',
  },
  {
    code: 'journal-full',
    kind: 'conflict',
    meaning:
      'The journal of the deployment is full; it is being taken back, or ended, without being asked.',
  },
  {
    code: 'queue-full',
    kind: 'conflict',
    meaning:
      'Too many deployments of this module wait for this cluster already. Rollbacks are counted by themselves.',
  },
  {
    code: 'deployment-in-progress',
    kind: 'conflict',
    meaning:
      'The environment takes one deployment of a module at a time (`onConflict: reject`); `details.activeId` names it.',
  },
  {
    code: 'release-rolled-back-here',
    kind: 'conflict',
    meaning:
      'The release was taken back from this cluster by itself, for what it did itself. `retry` that deployment, or send `allowRolledBack`, when you know why it will go well now.',
  },
  {
    code: 'no-rollback-target',
    kind: 'conflict',
    meaning: 'There is nothing that succeeded on the cluster within 90 days to go back to.',
  },
  {
    code: 'newer-deployment-there',
    kind: 'conflict',
    meaning:
      'Another deployment has succeeded there since (`details.newerId`): roll that one back, or name the way back in `to`.',
  },
  {
    code: 'rollback-under-way',
    kind: 'conflict',
    meaning:
      'A rollback of the deployment to something else is under way (`details.activeId`): wait for its end or cancel it, then ask again.',
  },
  {
    code: 'state-not-suitable',
    kind: 'conflict',
    meaning: 'The present status does not allow the verb; `details` has the status.',
  },
  {
    code: 'nothing-to-promote',
    kind: 'conflict',
    meaning:
      'No gate of the deployment is open now, or another one than the request names in `step`.',
  },
  {
    code: 'gate-unstable',
    kind: 'conflict',
    meaning: 'The open gate has found the release harmful: it is taken back, not promoted.',
  },
] as const satisfies readonly ErrorCode[];
