import { availableParallelism, totalmem } from 'node:os';
import type { NodeCapacity } from '../protocol/protocol.js';

const MIB = 1024 * 1024;

/** What this node has for modules: less than the machine when a container limits it. */
export function nodeCapacity(): NodeCapacity {
  const machine = totalmem();
  // 0: not known; larger than the machine: no limit is set.
  const constrained = process.constrainedMemory();
  const bytes = constrained > 0 && constrained < machine ? constrained : machine;
  return {
    cpuMillicores: availableParallelism() * 1000,
    memoryMiB: Math.max(1, Math.floor(bytes / MIB)),
  };
}
