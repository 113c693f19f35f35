import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/**
 * What /proc says about processes. A pid alone names nothing, since pids come round again; pid,
 * start time and boot id together do. Elsewhere than on Linux the start time is '' and only the
 * pid counts, and CPU and memory are unknown.
 */
export interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot, as text: the identity together with pid and boot id. */
  readonly startTime: string;
  /** Own CPU time. */
  readonly ownCpuMs: number;
  /** CPU time of children that this process has waited for. */
  readonly reapedCpuMs: number;
  readonly memoryBytes: number;
}

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

export const hasProc = process.platform === 'linux';

// USER_HZ is 100 on every Linux that Node runs on.
const MS_PER_TICK = 10;
const PAGE_BYTES = pageBytes();

export const bootId = readBootId();

export function readProcess(pid: number): ProcessStat | null {
  if (!hasProc) return isSignalable(pid) ? unknownStat(pid) : null;
  try {
    return parseStat(pid, readStat(pid));
  } catch {
    return null;
  }
}

/** The start time for a new identity; '' when the process is gone already. */
export function startTimeOf(pid: number): string {
  return readProcess(pid)?.startTime ?? '';
}

/** Is exactly this process still there? A zombie is not. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId) return false;
  const stat = readProcess(identity.pid);
  return stat !== null && stat.startTime === identity.startTime && isRunning(stat);
}

/** How long the machine has been running. */
export function uptimeMs(): number {
  return uptime() * 1000;
}

/** How long it has been running. */
export function ageMs(stat: ProcessStat, machineMs: number): number {
  return machineMs - Number(stat.startTime) * MS_PER_TICK;
}

/** Every process that is not a zombie, in one pass. */
export function allProcesses(): ProcessStat[] {
  if (!hasProc) return [];
  const found: ProcessStat[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const stat = readProcess(Number(name));
    if (stat && isRunning(stat)) found.push(stat);
  }
  return found;
}

/** What it was started with; null when that is nobody's business here, or it is gone. */
export function environmentOf(pid: number): string | null {
  return readText(`/proc/${pid}/environ`);
}

/** The control groups it is in, a line for each hierarchy. */
export function controlGroupsOf(pid: number): string {
  return readText(`/proc/${pid}/cgroup`) ?? '';
}

/** Its name as `ps` shows it. */
export function nameOf(pid: number): string {
  return readText(`/proc/${pid}/comm`)?.trim() ?? 'process';
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** A line of numbers and a name of at most 64 bytes. */
const line = Buffer.alloc(1024);

/** A fifth of what `readFileSync` takes: the whole machine's processes are read like this. */
function readStat(pid: number): string {
  const descriptor = openSync(`/proc/${pid}/stat`, 'r');
  try {
    return line.toString('latin1', 0, readSync(descriptor, line, 0, line.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function isRunning(stat: ProcessStat): boolean {
  return stat.state !== 'Z' && stat.state !== 'X';
}

function parseStat(pid: number, text: string): ProcessStat {
  // The command may hold spaces and brackets; fields count from after the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number) => Number(fields[index] ?? 0);
  return {
    pid,
    state: fields[0] ?? 'X',
    parent: number(1),
    group: number(2),
    session: number(3),
    ownCpuMs: (number(11) + number(12)) * MS_PER_TICK,
    reapedCpuMs: (number(13) + number(14)) * MS_PER_TICK,
    startTime: fields[19] ?? '',
    memoryBytes: Math.max(0, number(21)) * PAGE_BYTES,
  };
}

function unknownStat(pid: number): ProcessStat {
  const nothing = { parent: 0, startTime: '', ownCpuMs: 0, reapedCpuMs: 0, memoryBytes: 0 };
  return { pid, state: 'R', group: pid, session: pid, ...nothing };
}

function isSignalable(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function readBootId(): string {
  try {
    const text = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    if (text !== '') return text;
  } catch {
    // Elsewhere than on Linux there is none.
  }
  return `host-${hostname().slice(0, 50)}`;
}

/** Node multiplies the same field by the page size, so the quotient is the page size. */
function pageBytes(): number {
  try {
    const text = readFileSync('/proc/self/stat', 'latin1');
    const pages = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[21]);
    return 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages));
  } catch {
    return 4096;
  }
}
