import { eventType } from '../../platform/events/event.js';
import { Topic } from '../../platform/signal/topics.js';

type Place = { readonly name: string; readonly environment: string; readonly cluster: string };

export const nodeCordoned = eventType<Place>({
  name: 'node-cordoned',
  subject: 'node',
  audit: 'node',
});

export const nodeUncordoned = eventType<Place>({
  name: 'node-uncordoned',
  subject: 'node',
  audit: 'node',
});

/** What runs there is to stop; `modules`: what that is. */
export const nodeDrained = eventType<
  Place & {
    readonly reason: string | null;
    readonly deadlineMinutes: number;
    readonly modules: readonly string[];
  }
>({ name: 'node-drained', subject: 'node', audit: 'node' });

/** Its long poll ends, and every process forgets its key. */
export const nodeRevoked = eventType<Place>({
  name: 'node-revoked',
  subject: 'node',
  audit: 'node',
  hint: Topic.Desired,
  delivered: true,
});

/** For a cluster; `node`: the only one that may use it, or null. */
export const enrollmentTokenCreated = eventType<{
  readonly environment: string;
  readonly cluster: string;
  readonly node: string | null;
}>({ name: 'enrollment-token-created', subject: 'cluster', audit: 'configuration' });
