import { counted } from '../kernel/counted.js';
import type { ErrorDetails } from '../kernel/errors.js';
import { limits } from '../kernel/limits.js';
import { errorEntry } from '../kernel/error-entry.js';

/** What deployments can answer. */

export const deploymentNotFound = errorEntry({
  code: 'deployment-not-found',
  kind: 'not-found',
  meaning: 'There is no deployment with this id, or it is not yours.',
  tell: () => 'There is no such deployment.',
});

export const failureLogNotFound = errorEntry({
  code: 'failure-log-not-found',
  kind: 'not-found',
  meaning:
    'No output of a failure on this node is kept for this deployment. `GET /deployments/{id}/explain` names the nodes that have sent some.',
  tell: () =>
    'There is no output of a failure on that node for this deployment: nothing failed there, it printed nothing, it has not arrived, or its 30 days are over.',
});

export const noServingNodes = errorEntry({
  code: 'no-serving-nodes',
  kind: 'conflict',
  meaning: 'No node of the cluster is Healthy. Enrol one, or see `GET /nodes` for what is wrong.',
  tell: (where: string, nodes: readonly { name: string; state: string }[]) => ({
    text:
      nodes.length === 0
        ? `There is no node in ${where}. Enrol one: POST /api/v1/nodes/enrollment-tokens.`
        : `None of the ${nodes.length} nodes in ${where} is Healthy. See GET /api/v1/nodes.`,
    details: { nodes: nodes.slice(0, 20).map(({ name, state }) => ({ name, state })) },
  }),
});

export const overrideNotPermitted = errorEntry({
  code: 'override-not-permitted',
  kind: 'forbidden',
  meaning:
    'The environment does not allow the strategy, or the request loosens its gate without the permission `gates:override`.',
  tell: (text: string, details: ErrorDetails) => ({ text, details }),
});

export const hookOutcomeNeeded = errorEntry({
  code: 'hook-outcome-needed',
  kind: 'conflict',
  meaning:
    'A crash interrupted a hook that must not run twice, on the nodes in `details.nodes`. Check there, then resume with `outcome`.',
  tell: (cut: readonly { name: string; message: string }[]) => {
    const nodes = cut.map(({ name }) => name);
    return {
      text: `A hook was interrupted on ${nodes.join(', ')}. Check there whether it has done its work, then resume with "outcome": "done" or "retry", or cancel.`,
      details: { nodes, messages: cut.map(({ message }) => message) },
    };
  },
});

export const noHookToAnswer = errorEntry({
  code: 'no-hook-to-answer',
  kind: 'conflict',
  meaning: 'No hook was interrupted on that node, or on any; `details.nodes` lists where one was.',
  tell: (where: string, nodes: readonly string[]) => ({
    text: `No hook was interrupted on ${where}. Resume without an outcome, or name one of those in details.`,
    details: { nodes },
  }),
});

export const acceptanceBusy = errorEntry({
  code: 'acceptance-busy',
  kind: 'unavailable',
  meaning:
    'For half a minute more deployments have been posted than can be accepted. Repeat the request with the same Idempotency-Key.',
  tell: () =>
    'More deployments are being posted than can be accepted. Repeat the request in a few seconds, with the same Idempotency-Key.',
});

export const journalFull = errorEntry({
  code: 'journal-full',
  kind: 'conflict',
  meaning: 'The journal of the deployment is full; it is being rolled back or ended automatically.',
  tell: () =>
    'The journal of this deployment is full, so it is being ended. Wait for that, then deploy again.',
});

export const queueFull = errorEntry({
  code: 'queue-full',
  kind: 'conflict',
  meaning:
    'Too many deployments of this module are already waiting for this cluster. Rollbacks are counted separately.',
  tell: (slot: SlotNames, lane: 'normal' | 'rollback', waiting: number) => ({
    text: `${counted(waiting, lane === 'rollback' ? 'rollback' : 'deployment')} of "${slot.module.name}" ${waiting === 1 ? 'is' : 'are'} already waiting for cluster "${slot.cluster.name}". Cancel some, or wait.`,
    details: { waiting, lane },
  }),
});

export const deploymentInProgress = errorEntry({
  code: 'deployment-in-progress',
  kind: 'conflict',
  meaning:
    'The environment takes one deployment of a module at a time (`onConflict: reject`); `details.activeId` names it.',
  tell: ({ module, cluster, environment }: SlotNames, { id, status }: Other) => ({
    text: `Deployment ${id} of "${module.name}" is ${status} on cluster "${cluster.name}", and ${environment.name} takes one at a time. Wait for it to end, or cancel it.`,
    details: { activeId: id, status },
  }),
});

export const releaseRolledBackHere = errorEntry({
  code: 'release-rolled-back-here',
  kind: 'conflict',
  meaning:
    'The release was rolled back from this cluster automatically, because of its own behaviour. `retry` that deployment, or send `allowRolledBack`, once you know why it will work now.',
  tell: (there: { version: string; cluster: string }, id: string, reason: string | null) => ({
    text: `Release ${there.version} was rolled back automatically from cluster "${there.cluster}" (deployment ${id}${reason ? `: ${reason}` : ''}). Push a better version, or retry that deployment.`,
    details: { deploymentId: id, reason },
  }),
});

export const noRollbackTarget = errorEntry({
  code: 'no-rollback-target',
  kind: 'conflict',
  meaning: 'Nothing to go back to has succeeded on the cluster within 90 days.',
  tell: (to: string | undefined) => ({
    text:
      to === undefined
        ? `Nothing else has succeeded there within ${limits.rollbackDays} days before this deployment. Deploy the version you want.`
        : `Deployment ${to} has not succeeded on this cluster within ${limits.rollbackDays} days. Deploy that version instead.`,
    details: { to: to ?? null, days: limits.rollbackDays },
  }),
});

export const newerDeploymentThere = errorEntry({
  code: 'newer-deployment-there',
  kind: 'conflict',
  meaning:
    'Another deployment has succeeded there since (`details.newerId`): roll that one back, or name the way back in `to`.',
  tell: (newerId: string) => ({
    text: `Deployment ${newerId} has succeeded there since. Roll that one back, or name in "to" what you want back.`,
    details: { newerId },
  }),
});

export const rollbackUnderWay = errorEntry({
  code: 'rollback-under-way',
  kind: 'conflict',
  meaning:
    'A rollback of the deployment to something else is under way (`details.activeId`): wait for it to end or cancel it, then ask again.',
  tell: (
    { id, status }: Other,
    to: string | null,
    versions: { coming: string; wanted: string },
  ) => ({
    text: `Deployment ${id} is already bringing back version ${versions.coming} (${status}). Wait for it to end, or cancel it; then ask for ${versions.wanted} again.`,
    details: { activeId: id, status, to },
  }),
});

export const stateNotSuitable = errorEntry({
  code: 'state-not-suitable',
  kind: 'conflict',
  meaning: 'The present status does not allow the verb; `details` has the status.',
  tell: (
    verb: string,
    status: string,
    allowed: { when: 'while' | 'after'; possibleIn: readonly string[] },
  ) => ({
    text: `"${verb}" is possible ${allowed.when} ${allowed.possibleIn.join(', ')}; this deployment is ${status}.`,
    details: { status, verb, possibleIn: allowed.possibleIn },
  }),
});

export const nothingToPromote = errorEntry({
  code: 'nothing-to-promote',
  kind: 'conflict',
  meaning:
    'No gate of the deployment is open now, or not the one that the request names in `step`.',
  tell: (openStep: string | null, asked: string | undefined) => ({
    text:
      openStep === null
        ? 'No gate is open now, so there is nothing to end early. See the explanation: GET …/explain.'
        : `The open gate is "${openStep}", not "${asked}". Look at its figures, then promote it.`,
    details: { step: openStep },
  }),
});

export const gateUnstable = errorEntry({
  code: 'gate-unstable',
  kind: 'conflict',
  meaning:
    'The open gate has found the release harmful: it is being rolled back and cannot be promoted.',
  tell: (step: string) => ({
    text: `Gate "${step}" has found the release harmful; it is being rolled back. Push a better version.`,
    details: { step },
  }),
});

/** As much of a deployment's spec as says which slot it wants. */
interface SlotNames {
  readonly module: { readonly name: string };
  readonly cluster: { readonly name: string };
  readonly environment: { readonly name: string };
}

/** The deployment that is in the way. */
interface Other {
  readonly id: string;
  readonly status: string;
}
