import { addSparse, emptyBuckets, toSparse } from '../../kernel/histogram.js';
import type { NodeInterval } from '../../drivers/metric-sources/metric-source.js';
import { abandonedBy } from './abandoned.js';
import type { GateGroup } from './gate.js';

/** Counts add up over nodes; CPU and memory are means per node, null when no node reported. */
export function mergeNodes(nodes: readonly NodeInterval[]): GateGroup {
  const buckets = emptyBuckets();
  let n = 0;
  let errors = 0;
  let cpu = 0;
  let mem = 0;
  for (const node of nodes) {
    n += node.requests;
    errors += node.errors;
    cpu += node.cpuCores;
    mem += node.memoryMiBMin;
    addSparse(buckets, node.histogram, 1);
  }
  const per = nodes.length;
  const abandoned = abandonedBy(nodes);
  return {
    n,
    errors,
    histogram: toSparse(buckets),
    ...(abandoned > 0 ? { abandoned } : {}),
    cpu: per === 0 ? null : cpu / per,
    mem: per === 0 ? null : mem / per,
  };
}
