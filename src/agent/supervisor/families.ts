import {
  ageMs,
  allProcesses,
  bootId,
  controlGroupsOf,
  environmentOf,
  hasProc,
  isAlive,
  type ProcessIdentity,
  type ProcessStat,
  readProcess,
  uptimeMs,
} from './proc.js';

/** In the environment of every process of an instance, and of everything those start. */
export const INSTANCE_VARIABLE = 'TIDEGATE_INSTANCE';

/** The same for a run of a hook: what a hook has left is another matter than what a release has. */
export const HOOK_VARIABLE = 'TIDEGATE_HOOK_RUN';

/** The control group of an instance is called this and its id. */
export const CONTROL_GROUP_PREFIX = 'tidegate-instance-';

/**
 * A process that was looked at when it was this old, and was nobody's, stays that: a variable comes
 * with a start, and a start is over by then. So a look reads most processes once.
 */
const SETTLED_AGE_MS = 5000;

/** All processes of one instance, or of one run of a hook. */
export interface Family {
  /** What its variable says. No other family of this machine has it, be it of another agent. */
  readonly id: string;
  /** Who was started. Null: not known. */
  readonly identity: ProcessIdentity | null;
  /** Where the agent could make one. */
  readonly controlGroup?: string;
}

const MARK = new RegExp(`(?:^|\\0)(?:${INSTANCE_VARIABLE}|${HOOK_VARIABLE})=([^\\0]+)`);
const CONTROL_GROUP = new RegExp(`/${CONTROL_GROUP_PREFIX}([0-9a-f-]+)`);

/**
 * Whose a process is. The process group says it only of those that have stayed in it: setsid, a
 * daemon, a shell with job control leave it. What cannot be left is asked first: the variable that
 * all inherit, and the control group, where the agent may make one. Then the session, the parent,
 * and what was seen before, for a process that has overwritten its environment.
 */
export class Families {
  /** By pid and start time. Null: nobody's, for good. */
  private owners = new Map<string, string | null>();

  constructor(private readonly list: () => readonly ProcessStat[] = allProcesses) {}

  /** One pass over all processes, whatever the number of families: who lives, by family. */
  find(families: readonly Family[]): Map<string, ProcessStat[]> {
    const found = new Map<string, ProcessStat[]>(families.map(({ id }) => [id, []]));
    const stats = families.length > 0 ? this.list() : [];
    const look = new Look(stats, families, this.owners);
    for (const stat of stats) {
      const owner = look.ownerOf(stat);
      if (owner !== null) found.get(owner)?.push(stat);
    }
    // Of those that are gone nothing is kept: the map is as long as the list of processes.
    if (stats.length > 0) this.owners = look.settled;
    return found;
  }

  of(family: Family): ProcessStat[] {
    if (!hasProc) return [];
    return this.find([family]).get(family.id) ?? [];
  }

  /** Who was started, when only the variable is known: the oldest with a session of its own. */
  leaderOf(family: Family): ProcessIdentity | null {
    const leaders = this.of(family).filter(({ pid, session }) => pid === session);
    const [oldest] = leaders.sort((a, b) => Number(a.startTime) - Number(b.startTime));
    return oldest ? { pid: oldest.pid, startTime: oldest.startTime, bootId } : null;
  }

  /** Elsewhere than on Linux the leader is all that can be seen. */
  isEmpty(family: Family): boolean {
    if (!hasProc) return family.identity === null || !isAlive(family.identity);
    return this.of(family).length === 0;
  }
}

/** One pass. */
class Look {
  readonly settled = new Map<string, string | null>();
  private readonly byPid: ReadonlyMap<number, ProcessStat>;
  private readonly sessions = new Map<number, string>();
  private readonly owners = new Map<number, string | null>();
  private readonly machineMs = uptimeMs();

  constructor(
    stats: readonly ProcessStat[],
    families: readonly Family[],
    private readonly known: ReadonlyMap<string, string | null>,
  ) {
    this.byPid = new Map(stats.map((stat) => [stat.pid, stat]));
    for (const { id, identity } of families) {
      if (identity && isSessionOf(identity)) this.sessions.set(identity.pid, id);
    }
  }

  ownerOf(stat: ProcessStat): string | null {
    const before = this.owners.get(stat.pid);
    if (before !== undefined) return before;
    // Also against a circle of parents, should one change while the list is read.
    this.owners.set(stat.pid, null);
    // An agent that was started by a release of another one is nobody's to end but that one's.
    const owner = stat.pid === process.pid ? null : this.decide(stat);
    this.owners.set(stat.pid, owner);
    return owner;
  }

  private decide(stat: ProcessStat): string | null {
    const key = `${stat.pid}:${stat.startTime}`;
    const known = this.known.get(key);
    const marked = known === undefined ? markOf(stat.pid) : known;
    const owner = marked ?? this.sessions.get(stat.session) ?? this.ownerOfParent(stat);
    if (owner !== null || ageMs(stat, this.machineMs) > SETTLED_AGE_MS)
      this.settled.set(key, owner);
    return owner;
  }

  private ownerOfParent({ parent }: ProcessStat): string | null {
    const stat = this.byPid.get(parent);
    return stat ? this.ownerOf(stat) : null;
  }
}

function markOf(pid: number): string | null {
  return (
    MARK.exec(environmentOf(pid) ?? '')?.[1] ??
    CONTROL_GROUP.exec(controlGroupsOf(pid))?.[1] ??
    null
  );
}

/**
 * False when another process has come to own the pid, or the machine was restarted. While a member
 * of a session lives, the kernel gives its number to no other process.
 */
function isSessionOf(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId) return false;
  const leader = readProcess(identity.pid);
  return leader === null || leader.startTime === identity.startTime;
}
