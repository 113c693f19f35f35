import { api, bodyOf } from '../../api/client.ts';
import type { Deployment } from '../../api/deployments.ts';
import type { Permission } from '../../api/session.ts';

interface Asked {
  readonly deployment: Deployment;
  /** Empty: none was given. */
  readonly reason: string;
}

export interface Verb {
  readonly name: string;
  readonly words: string;
  readonly permission: Permission;
  /** Of what is over; else of what is under way. */
  readonly isForEnded: boolean;
  readonly needsReason: boolean;
  readonly isGrave: boolean;
  /** What comes of it, said before it is asked for. */
  readonly told: (deployment: Deployment) => string;
  /** The new deployment that it makes; null: none. */
  readonly ask: (asked: Asked) => Promise<string | null>;
}

const because = (reason: string) => (reason ? { reason } : {});
const at = (id: string) => ({ params: { path: { id } } });
/** The same click sent twice is one. */
const once = () => ({ 'Idempotency-Key': crypto.randomUUID() });

export const verbs: readonly Verb[] = [
  {
    name: 'promote',
    words: 'Promote',
    permission: 'deployments:promote',
    isForEnded: false,
    needsReason: true,
    isGrave: false,
    told: ({ progress }) =>
      `Ends the gate of wave ${progress.wave} now, as if it had opened by itself. What it has not seen yet, it will not see.`,
    ask: async ({ deployment: { id, progress }, reason }) => {
      const step = progress.step ? { step: progress.step } : {};
      await bodyOf(
        api.POST('/api/v1/deployments/{id}/promote', { ...at(id), body: { reason, ...step } }),
      );
      return null;
    },
  },
  {
    name: 'pause',
    words: 'Pause',
    permission: 'deployments:pause',
    isForEnded: false,
    needsReason: false,
    isGrave: false,
    told: () => 'Nothing more moves until somebody resumes it. What has moved goes on serving.',
    ask: async ({ deployment: { id }, reason }) => {
      await bodyOf(
        api.POST('/api/v1/deployments/{id}/pause', { ...at(id), body: because(reason) }),
      );
      return null;
    },
  },
  {
    name: 'resume',
    words: 'Resume',
    permission: 'deployments:resume',
    isForEnded: false,
    needsReason: false,
    isGrave: false,
    told: () => 'It goes on where it was.',
    ask: async ({ deployment: { id }, reason }) => {
      await bodyOf(
        api.POST('/api/v1/deployments/{id}/resume', { ...at(id), body: because(reason) }),
      );
      return null;
    },
  },
  {
    name: 'cancel',
    words: 'Cancel',
    permission: 'deployments:cancel',
    isForEnded: false,
    needsReason: false,
    isGrave: true,
    told: ({ moduleName }) =>
      `Ends it. Nodes that have moved go back to what they ran before; ${moduleName} is served all the while.`,
    ask: async ({ deployment: { id }, reason }) => {
      const body = { leave: false, ...because(reason) };
      await bodyOf(api.POST('/api/v1/deployments/{id}/cancel', { ...at(id), body }));
      return null;
    },
  },
  {
    name: 'retry',
    words: 'Retry',
    permission: 'deployments:retry',
    isForEnded: true,
    needsReason: false,
    isGrave: false,
    told: ({ version }) =>
      `Deploys ${version} once more, as a new deployment with the same parameters.`,
    ask: async ({ deployment: { id }, reason }) => {
      const params = { path: { id }, header: once() };
      const made = await bodyOf(
        api.POST('/api/v1/deployments/{id}/retry', { params, body: because(reason) }),
      );
      return made.id;
    },
  },
  {
    name: 'rollback',
    words: 'Roll back',
    permission: 'deployments:rollback',
    isForEnded: true,
    needsReason: false,
    isGrave: true,
    told: ({ moduleName, targetEnvironment }) =>
      `A new deployment brings back what ran before this one: ${moduleName} in ${targetEnvironment}.`,
    ask: async ({ deployment: { id }, reason }) => {
      const params = { path: { id }, header: once() };
      const made = await bodyOf(
        api.POST('/api/v1/deployments/{id}/rollback', { params, body: because(reason) }),
      );
      return made.id;
    },
  },
];
