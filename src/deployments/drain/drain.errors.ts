import { errorEntry } from '../../kernel/error-entry.js';

interface Rollout {
  readonly deploymentId: string;
  readonly module: string;
}

export const drainDuringRollout = errorEntry({
  code: 'drain-during-rollout',
  kind: 'conflict',
  meaning:
    'A rollout is under way in the cluster of the node: `details.deployments`. Wait until it is over, or cancel it. A cordon is possible meanwhile.',
  tell: (rollouts: readonly Rollout[]) => ({
    text: `A rollout is under way in this cluster: ${rollouts
      .map(({ module, deploymentId }) => `"${module}" (deployment ${deploymentId})`)
      .join(', ')}. Wait until it is over, or cancel it.`,
    details: { deployments: rollouts.map(({ deploymentId }) => deploymentId) },
  }),
});

interface TooFew {
  readonly module: string;
  readonly serving: number;
  readonly minAvailable: number;
}

export const drainLeavesTooFew = errorEntry({
  code: 'drain-leaves-too-few',
  kind: 'conflict',
  meaning:
    'Fewer nodes would serve a module than the cluster’s `minAvailable`. Let another node join, bring back one that is down, or lower `minAvailable` of the cluster.',
  tell: ({ module, serving, minAvailable }: TooFew) => ({
    text: `${serving} other nodes of the cluster serve "${module}", and at least ${minAvailable} must stay. Let another node join, bring one back, or lower minAvailable of the cluster.`,
    details: { module, serving, minAvailable },
  }),
});
