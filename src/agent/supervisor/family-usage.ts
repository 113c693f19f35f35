import type { ProcessStat } from './proc.js';

export interface FamilyUsage {
  /** Never decreases, whoever in the family exits. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

interface Counted {
  cpuMs: number;
  /** By pid and start time: what was counted of each process so far. */
  processes: Map<string, { ownCpuMs: number; reapedCpuMs: number }>;
}

/**
 * CPU time and memory of families of processes, those that have left the group included. When a
 * process exits, its time moves into its parent's "reaped" time or, if nobody waits for it, nowhere.
 * Counting only what grew beyond the time of those that vanished is right in both cases.
 */
export class FamilyUsageReader {
  private readonly families = new Map<string, Counted>();

  /** Of who lives now, by family; forgets families that are not asked for any more. */
  read(living: ReadonlyMap<string, readonly ProcessStat[]>): Map<string, FamilyUsage> {
    for (const id of this.families.keys()) if (!living.has(id)) this.families.delete(id);
    return new Map([...living].map(([id, stats]) => [id, this.update(id, stats)]));
  }

  private update(id: string, stats: readonly ProcessStat[]): FamilyUsage {
    const family: Counted = this.families.get(id) ?? { cpuMs: 0, processes: new Map() };
    this.families.set(id, family);
    const now: Counted['processes'] = new Map();
    let ownGrowth = 0;
    let reapedGrowth = 0;
    let memoryBytes = 0;
    for (const stat of stats) {
      const key = `${stat.pid}:${stat.startTime}`;
      const before = family.processes.get(key) ?? { ownCpuMs: 0, reapedCpuMs: 0 };
      ownGrowth += Math.max(0, stat.ownCpuMs - before.ownCpuMs);
      reapedGrowth += Math.max(0, stat.reapedCpuMs - before.reapedCpuMs);
      memoryBytes += stat.memoryBytes;
      now.set(key, { ownCpuMs: stat.ownCpuMs, reapedCpuMs: stat.reapedCpuMs });
    }
    let vanished = 0;
    for (const [key, before] of family.processes) {
      if (!now.has(key)) vanished += before.ownCpuMs + before.reapedCpuMs;
    }
    family.cpuMs += ownGrowth + Math.max(0, reapedGrowth - vanished);
    family.processes = now;
    return { cpuMs: family.cpuMs, memoryBytes };
  }
}
