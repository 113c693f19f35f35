/** What is said of what became of deployments. */
import { Permission } from '../../../kernel/permission.js';
import type { EventName } from './event-names.js';
import { deploymentPage, placeFields, rolloutOf, text, type Wording } from './wording.js';

const sample = {
  version: '2.1.0',
  cluster: 'eu-1',
  previousStatus: 'Running',
  requestedByName: 'grace',
};

const deployment = (
  title: string,
  line: (rollout: string) => string,
  more: Readonly<Record<string, unknown>> = {},
): Wording => ({
  title: (of) => `${title}: ${rolloutOf(of)}`,
  lines: (of) => [line(rolloutOf(of))],
  fields: [...placeFields, text('Asked for by', 'requestedByName'), text('Reason', 'reason')],
  page: deploymentPage,
  readers: Permission.DeploymentsRead,
  sample: { ...sample, ...more },
});

const reason = { reason: 'errors rose by 4 points on node-3' };

export const deploymentWordings = {
  'deployment-started': deployment('Started', (rollout) => `${rollout} is being rolled out.`),
  'deployment-paused': deployment(
    'Paused',
    (rollout) => `The rollout of ${rollout} is paused until somebody resumes it.`,
    reason,
  ),
  'deployment-resumed': deployment('Resumed', (rollout) => `The rollout of ${rollout} goes on.`),
  'deployment-rollback-started': deployment(
    'Rolling back',
    (rollout) => `${rollout} is being rolled back.`,
    reason,
  ),
  'deployment-succeeded': deployment('Succeeded', (rollout) => `${rollout} runs on every node.`),
  'deployment-failed': deployment(
    'Failed',
    (rollout) => `${rollout} failed. Nothing was rolled back.`,
    reason,
  ),
  'deployment-rolled-back': deployment(
    'Rolled back',
    (rollout) => `${rollout} was rolled back. What ran before runs again.`,
    reason,
  ),
  'deployment-rollback-failed': deployment(
    'Rollback failed',
    (rollout) =>
      `${rollout} could not be rolled back everywhere. Some nodes may run the wrong release: somebody must look.`,
    reason,
  ),
  'deployment-cancelled': deployment('Cancelled', (rollout) => `${rollout} was cancelled.`, reason),
  'deployment-rejected': deployment(
    'Rejected',
    (rollout) => `${rollout} was rejected and never started.`,
    reason,
  ),
} as const satisfies Partial<Record<EventName, Wording>>;
