import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError } from '../../kernel/errors.js';
import { dnsLabel } from '../../kernel/text.js';

/** As whom modules run; never root. */
export interface ModuleUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Besides `gid`. */
  readonly groups: readonly number[];
  readonly home: string;
}

/** What is asked of the machine; another one in tests. */
export interface UserSource {
  /** Of this process; undefined where there are no users. */
  readonly ownUid: number | undefined;
  /** A line of passwd. */
  readonly find: (name: string) => string | null;
  /** All groups of a user. */
  readonly groupsOf: (name: string) => readonly number[];
  /** Programs of the machine, absolute. */
  readonly has: (path: string) => boolean;
}

/** Where util-linux has it: Node lets a child have one group only. */
export const SETPRIV = '/usr/bin/setpriv';
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/;
const MOST_NAMED = 100;

export const machineUsers: UserSource = {
  ownUid: process.getuid?.(),
  find: (name) => lineOf(name) ?? answerOf('getent', ['passwd', name]),
  groupsOf: (name) => {
    const ids = (answerOf('id', ['-G', name]) ?? '').trim().split(' ');
    return ids.filter((id) => /^\d+$/.test(id)).map(Number);
  },
  has: existsSync,
};

/** Who runs what: `USER` for all modules, `MODULE=USER` for one. Throws DomainError `run-as-refused`. */
export class ModuleUsers {
  private constructor(
    private readonly byModule: ReadonlyMap<string, ModuleUser>,
    private readonly others: ModuleUser | undefined,
  ) {}

  static readonly none = new ModuleUsers(new Map(), undefined);

  static of(told: readonly string[], source: UserSource = machineUsers): ModuleUsers {
    if (told.length === 0) return ModuleUsers.none;
    if (source.ownUid !== 0) {
      throw refused('only root can start processes as somebody else: start the agent as root');
    }
    if (told.length > MOST_NAMED) throw refused(`at most ${MOST_NAMED} may be named`);
    const byModule = new Map<string, ModuleUser>();
    for (const one of told) {
      const at = one.indexOf('=');
      const module = at < 0 ? '' : one.slice(0, at);
      if (at >= 0 && !dnsLabel.safeParse(module).success) {
        throw refused(`"${one}" is not USER, nor MODULE=USER with the name of a module`);
      }
      if (byModule.has(module)) throw refused(`${module || 'all modules'} has two users`);
      byModule.set(module, userOf(one.slice(at + 1), source));
    }
    const others = byModule.get('');
    byModule.delete('');
    return new ModuleUsers(byModule, others);
  }

  /** Undefined: the agent's own. */
  for(moduleName: string): ModuleUser | undefined {
    return this.byModule.get(moduleName) ?? this.others;
  }

  all(): ModuleUser[] {
    return [...this.byModule.values(), ...(this.others ? [this.others] : [])];
  }

  /** Throws `run-as-refused` when one of them cannot get to the agent's folder. */
  checkReach(directory: string): void {
    for (const user of this.all()) {
      for (let at = dirname(directory); ; at = dirname(at)) {
        if (existsSync(at) && !mayEnter(at, user)) {
          throw refused(
            `user ${user.name} may not enter ${at}: run "chmod o+x ${at}", or give --dir another place, /var/lib/tidegate-agent say`,
          );
        }
        if (at === dirname(at)) break;
      }
    }
  }
}

/** What a module's environment says of whom it runs as. */
export function environmentOfUser(user: ModuleUser | undefined): Record<string, string> {
  return user ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {};
}

/** Without it, root in a container cannot read the environment of somebody else's processes. */
export function canSeeOthers(status = statusOfThis()): boolean {
  const PTRACE = 19n;
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return capabilities === undefined || ((BigInt(`0x${capabilities}`) >> PTRACE) & 1n) === 1n;
}

function userOf(name: string, source: UserSource): ModuleUser {
  if (!NAME.test(name)) throw refused(`"${name}" is not the name of a user`);
  const fields = source.find(name)?.trim().split(':') ?? [];
  const [known, , uid = '', gid = '', , home = ''] = fields;
  if (known !== name || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) {
    throw refused(
      `there is no user "${name}" on this machine: make one, with "useradd --system ${name}"`,
    );
  }
  if (uid === '0') throw refused(`"${name}" is root: name a user without rights`);
  const groups = source.groupsOf(name).filter((id) => id !== Number(gid));
  if (groups.length > 0 && !source.has(SETPRIV)) {
    throw refused(
      `user "${name}" has more than one group, and for that ${SETPRIV} of util-linux is needed: install it`,
    );
  }
  return { name, uid: Number(uid), gid: Number(gid), groups, home: home === '' ? '/' : home };
}

function mayEnter(path: string, { uid, gid, groups }: ModuleUser): boolean {
  const stats = statSync(path);
  if (stats.uid === uid) return (stats.mode & 0o100) !== 0;
  return (stats.mode & ([gid, ...groups].includes(stats.gid) ? 0o010 : 0o001)) !== 0;
}

function refused(why: string): DomainError {
  return new DomainError('invalid', 'run-as-refused', `--run-as: ${why}.`);
}

function lineOf(name: string): string | null {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.find((line) => line.startsWith(`${name}:`)) ?? null;
  } catch {
    return null;
  }
}

/** Also of users that are kept elsewhere, in a directory of the network say. */
function answerOf(program: string, args: readonly string[]): string | null {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}

function statusOfThis(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
