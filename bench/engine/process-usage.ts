/** What processes cost, from /proc: memory, and CPU time, which a busy machine does not falsify. */
import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in hundredths of a second for programs to read. */
const TICK_MS = 10;
const KIB_PER_MIB = 1024;

export interface Usage {
  readonly cpuMs: number;
  readonly rssMiB: number;
}

/** Process 0 stands for one on another machine, whose cost nobody here sees. */
export async function usageOf(pid: number): Promise<Usage> {
  if (pid === 0) return { cpuMs: 0, rssMiB: 0 };
  const { cpuMs } = await statOf(pid);
  return { cpuMs, rssMiB: await rssOf(pid) };
}

/**
 * A process and its children, also those that have ended. Memory is what each has for itself: the
 * shared part would be counted once per connection.
 */
export async function treeUsage(root: number): Promise<Usage> {
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = await statOf(pid).catch(() => undefined);
    if (stat?.parent === root) children.push(pid);
  }
  const own = await statOf(root);
  let cpuMs = own.cpuMs + own.reapedCpuMs;
  let rssMiB = await ownMemoryOf(root);
  for (const pid of children) {
    const stat = await statOf(pid).catch(() => undefined);
    cpuMs += stat?.cpuMs ?? 0;
    rssMiB += await ownMemoryOf(pid).catch(() => 0);
  }
  return { cpuMs, rssMiB };
}

async function statOf(pid: number) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name may hold spaces: what is counted begins after its bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) * TICK_MS;
  return { parent: Number(fields[1]), cpuMs: ticks(11), reapedCpuMs: ticks(13) };
}

async function rssOf(pid: number): Promise<number> {
  return memoryOf(pid, 'VmRSS');
}

async function ownMemoryOf(pid: number): Promise<number> {
  return memoryOf(pid, 'RssAnon');
}

async function memoryOf(pid: number, line: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(text)?.[1] ?? 0) / KIB_PER_MIB;
}
