import { eventType } from '../../../platform/events/event.js';
import { Topic } from '../../../platform/signal/topics.js';

/** What a node should run, or whether it may, has changed: its long poll ends, its key is looked up. */
export const nodeTold = eventType({ name: 'node-told', subject: 'node', hint: Topic.Desired });

export const nodeEnrolled = eventType<{
  readonly name: string;
  readonly clusterId: string;
  readonly publicKey: string;
  /** False: the same node, which had lost its identity file. */
  readonly isNew: boolean;
}>({ name: 'node-enrolled', subject: 'node', audit: 'node' });

type Suspicion = { readonly name: string; readonly message: string };

export const nodeFoundDuplicated = eventType<Suspicion>({
  name: 'node-found-duplicated',
  subject: 'node',
  audit: 'node',
});

export const nodeFoundImplausible = eventType<Suspicion>({
  name: 'node-found-implausible',
  subject: 'node',
  audit: 'node',
});

/** A hint: whoever waits for nodes hears it after the commit, and also looks by itself. */
export const nodeReported = eventType<{
  readonly clusterId: string;
  /** Modules whose observed state differs from the report before. Never empty. */
  readonly changedModuleIds: readonly string[];
}>({ name: 'node-reported', subject: 'node', mustBeHeard: true });
