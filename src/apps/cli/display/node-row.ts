import type { components } from '#sdk';
import { timeText } from './times.js';

type Node = components['schemas']['Node'];
type Module = Node['modules'][number];

export const NODE_HEADS = [
  'NAME',
  'ENVIRONMENT',
  'CLUSTER',
  'STATE',
  'SINCE',
  'ID',
  'RUNS',
] as const;

export function nodeRow(node: Node, isUtc: boolean): string[] {
  const { id, name, environment, cluster, stateSince, modules, suspicion, drain } = node;
  const shown = drain ? `${node.state}, ${drain.state}` : node.state;
  const state = suspicion ? `${shown} (${suspicion.kind}!)` : shown;
  return [
    name,
    environment,
    cluster,
    state,
    timeText(stateSince, isUtc),
    id,
    modules.map(moduleText).join(', '),
  ];
}

/** `payments 1.0.0`, and after drift also what it should be. */
function moduleText({ name, running, desired, drift }: Module): string {
  const runs = `${name} ${versionsOf(running) || '-'}`;
  return drift ? `${runs} (drift, desired ${versionsOf(desired) || 'none'})` : runs;
}

function versionsOf(releases: Module['running']): string {
  return releases.map(({ version }) => version).join('+');
}
