import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_GROUP_PREFIX } from './families.js';

/** Of a kernel with version 2; else version 1, where any hierarchy that can be made in will do. */
const MOUNT_KINDS = ['cgroup2', 'freezer'] as const;

/**
 * A control group for each instance, below the agent's own: what is started in it stays in it, also
 * when it has left group, session and parent and has cleared its environment. No controller is used,
 * so nothing is limited by it. The agent goes in for the moment of the start and comes back: so
 * there is no instant at which the new process would be outside.
 */
export class ControlGroups {
  private constructor(private readonly home: string) {}

  /** Null where the agent may not make any: as another user than root without delegation, say. */
  static find(homes: readonly string[] = possibleHomes()): ControlGroups | null {
    for (const home of homes) {
      const groups = new ControlGroups(home);
      const trial = groups.pathOf(`trial-${process.pid}`);
      try {
        mkdirSync(trial);
        try {
          enter(trial);
          enter(home);
        } finally {
          rmdirSync(trial);
        }
        return groups;
      } catch {
        // Read-only, or another user's.
      }
    }
    return null;
  }

  pathOf(instance: string): string {
    return join(this.home, `${CONTROL_GROUP_PREFIX}${instance}`);
  }

  /** Whatever `start` starts before it returns is in the instance's group. */
  within<Started>(path: string, start: () => Started): Started {
    // What was allowed at the start of the agent may not be any more: the start matters more.
    attempt(() => mkdirSync(path));
    attempt(() => enter(path));
    try {
      return start();
    } finally {
      attempt(() => enter(this.home));
    }
  }
}

/**
 * Nothing in it runs on, or starts another one, however fast it is; SIGKILL reaches it all the same.
 * Kernels with version 1 cannot, and are not asked.
 */
export function freezeControlGroup(path: string, isFrozen: boolean): void {
  attempt(() => {
    const members = readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n');
    if (members.includes(String(process.pid))) return;
    writeFileSync(join(path, 'cgroup.freeze'), isFrozen ? '1' : '0', { flag: 'r+' });
  });
}

export function removeControlGroup(path: string): void {
  // It may have groups of its own inside, or be gone: nothing runs in it either way.
  attempt(() => rmdirSync(path));
}

function attempt(what: () => void): void {
  try {
    what();
  } catch {
    // Whoever asked goes on without.
  }
}

function enter(path: string): void {
  // Never makes the file: in a folder that is no control group nobody would be anywhere.
  writeFileSync(join(path, 'cgroup.procs'), String(process.pid), { flag: 'r+' });
}

/** Where this process is in each hierarchy that would do, the best first. */
function possibleHomes(): string[] {
  try {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const own = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
    return MOUNT_KINDS.flatMap((kind) => {
      const isVersion2 = kind === 'cgroup2';
      const path = own.find((line) =>
        isVersion2 ? line.startsWith('0::') : line.split(':')[1] === kind,
      );
      const mount = mounts.find((line) =>
        isVersion2 ? line.includes(' - cgroup2 ') : isMountOf(line, kind),
      );
      if (path === undefined || mount === undefined) return [];
      return [join(mount.split(' ')[4]!, path.split(':').slice(2).join(':'))];
    });
  } catch {
    return [];
  }
}

function isMountOf(line: string, controller: string): boolean {
  const [, after = ''] = line.split(' - ');
  return after.startsWith('cgroup ') && after.split(/[ ,]/).includes(controller);
}
