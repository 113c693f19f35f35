import { cpus, totalmem } from 'node:os';
import { nodeCapacity as schema } from '../protocol/protocol.js';
import { nodeCapacity } from './node-capacity.js';

describe('what a node can give to its modules', () => {
  it('is at least one core, never more than the machine has, and fits the wire', () => {
    const capacity = nodeCapacity();
    expect(schema.parse(capacity)).toEqual(capacity);
    expect(capacity.cpuMillicores).toBeLessThanOrEqual(cpus().length * 1000);
    expect(capacity.memoryMiB).toBeLessThanOrEqual(totalmem() / 1024 / 1024);
  });
});
