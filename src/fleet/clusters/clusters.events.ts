import { eventType } from '../../platform/events/event.js';
import type { ClusterView } from './cluster.js';

type Facts = Omit<ClusterView, 'id' | 'nodes' | 'createdAt'>;

export const clusterCreated = eventType<Facts>({
  name: 'cluster-created',
  subject: 'cluster',
  audit: 'configuration',
});

export const clusterChanged = eventType<Facts>({
  name: 'cluster-changed',
  subject: 'cluster',
  audit: 'configuration',
});

/** What both say of it. */
export function factsOf(cluster: ClusterView): Facts {
  const { id: _id, nodes: _nodes, createdAt: _createdAt, ...facts } = cluster;
  return facts;
}
