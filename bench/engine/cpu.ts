/** Where the processor's time went, process by process, and in the bench itself. */
import { treeUsage, usageOf } from './process-usage.js';
import type { Rig } from './rig.js';

export type CpuMs = Readonly<Record<'api' | 'workers' | 'PostgreSQL' | 'Redis' | 'bench', number>>;

export async function cpuOf(rig: Rig): Promise<CpuMs> {
  const workers = await Promise.all(rig.workers.map(({ pid }) => usageOf(pid)));
  const [api, redis, bench] = await Promise.all(
    [rig.api!.pid, rig.redisPid, process.pid].map((pid) => usageOf(pid)),
  );
  return {
    api: api!.cpuMs,
    workers: workers.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    PostgreSQL: (await treeUsage(rig.postgresPid)).cpuMs,
    Redis: redis!.cpuMs,
    bench: bench!.cpuMs,
  };
}

export function spentSince(before: CpuMs, after: CpuMs): string {
  return Object.entries(after)
    .map(([name, ms]) => `${name} ${((ms - before[name as keyof CpuMs]) / 1000).toFixed(1)} s`)
    .join(', ');
}
