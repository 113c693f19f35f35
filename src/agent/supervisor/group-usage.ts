import { allProcesses, type ProcessStat } from './proc.js';

export interface GroupUsage {
  /** Never decreases, whoever in the group exits. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

interface Group {
  cpuMs: number;
  /** By pid and start time: what was counted of each process so far. */
  processes: Map<string, { ownCpuMs: number; reapedCpuMs: number }>;
}

/**
 * CPU time and memory of process groups. When a process exits, its time moves into its parent's
 * "reaped" time or, if nobody waits for it, nowhere. Counting only what grew beyond the time of
 * those that vanished is right in both cases.
 */
export class GroupUsageReader {
  private readonly groups = new Map<number, Group>();

  constructor(private readonly list: () => readonly ProcessStat[] = allProcesses) {}

  /** One pass over all processes; forgets groups that are not asked for any more. */
  read(groupIds: readonly number[]): Map<number, GroupUsage> {
    const wanted = new Set(groupIds);
    for (const id of this.groups.keys()) if (!wanted.has(id)) this.groups.delete(id);
    const members = new Map<number, ProcessStat[]>();
    for (const stat of wanted.size > 0 ? this.list() : []) {
      if (!wanted.has(stat.group)) continue;
      const list = members.get(stat.group);
      if (list) list.push(stat);
      else members.set(stat.group, [stat]);
    }
    const result = new Map<number, GroupUsage>();
    for (const id of wanted) result.set(id, this.update(id, members.get(id) ?? []));
    return result;
  }

  private update(id: number, stats: readonly ProcessStat[]): GroupUsage {
    const group: Group = this.groups.get(id) ?? { cpuMs: 0, processes: new Map<string, never>() };
    this.groups.set(id, group);
    const now: Group['processes'] = new Map();
    let ownGrowth = 0;
    let reapedGrowth = 0;
    let memoryBytes = 0;
    for (const stat of stats) {
      const key = `${stat.pid}:${stat.startTime}`;
      const before = group.processes.get(key) ?? { ownCpuMs: 0, reapedCpuMs: 0 };
      ownGrowth += Math.max(0, stat.ownCpuMs - before.ownCpuMs);
      reapedGrowth += Math.max(0, stat.reapedCpuMs - before.reapedCpuMs);
      memoryBytes += stat.memoryBytes;
      now.set(key, { ownCpuMs: stat.ownCpuMs, reapedCpuMs: stat.reapedCpuMs });
    }
    let vanished = 0;
    for (const [key, before] of group.processes) {
      if (!now.has(key)) vanished += before.ownCpuMs + before.reapedCpuMs;
    }
    group.cpuMs += ownGrowth + Math.max(0, reapedGrowth - vanished);
    group.processes = now;
    return { cpuMs: group.cpuMs, memoryBytes };
  }
}
