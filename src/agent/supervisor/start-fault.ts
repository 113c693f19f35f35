import { existsSync, lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { type Program, programIn } from './program-file.js';
import type { ModuleUser } from './module-user.js';

/** What was to be started. */
export interface StartCommand {
  readonly command: string;
  /** Where the manifest says it, `run.command` for instance. */
  readonly field: string;
  /** In which it was to be started. */
  readonly directory: string;
  /** Of the environment that it was to be given. */
  readonly path: string | undefined;
  /** Undefined: the agent's own. */
  readonly user: ModuleUser | undefined;
}

/** What execvp looks through without a PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';
const MOST_FOLDERS = 50;
/** Exit codes of shells, interpreters, `env` and `setpriv` that could not begin with a program. */
const START_CODES: readonly (number | null)[] = [2, 9, 126, 127];

const BY_CODE: Readonly<Record<string, string>> = {
  E2BIG: 'its arguments and environment are too long together; shorten its configuration',
  EAGAIN: 'this node has no room for another process; see its limits (ulimit -u, pids.max)',
  EMFILE: 'the agent has too many files open; raise its limit (LimitNOFILE)',
  ENOMEM: 'this node has no memory left',
  ETXTBSY: 'somebody still writes to it',
};

/**
 * Why a command could not be started, by a look at the file that would have been run: the system
 * answers the same for many faults. A sentence without its full stop that says what to do.
 */
export function startFault(what: StartCommand, code?: string): string {
  const seen = faultSeen(what);
  if (seen !== null) return seen;
  const known = code === undefined ? undefined : BY_CODE[code];
  const shown = `"${what.command}" could not be started`;
  if (known !== undefined) return `${shown}: ${known}`;
  if (code === 'EACCES') {
    return `${shown}, though it is executable: is it on a file system that is mounted with noexec?`;
  }
  return code === undefined ? shown : `${shown} (${code})`;
}

/** Of a command that has ended at once; null: it has had its own reasons. */
export function faultBehind(what: StartCommand, exitCode: number | null): string | null {
  return START_CODES.includes(exitCode) ? faultSeen(what) : null;
}

function faultSeen(what: StartCommand): string | null {
  if (!existsSync(what.directory)) return `the folder of the release, ${what.directory}, is gone`;
  const { command, directory } = what;
  if (command.includes('/')) return faultAt(what, resolve(directory, command));
  const found = onPath(what, command);
  return found === null ? notOnPath(what) : faultAt(what, found);
}

function notOnPath({ command, directory, field }: StartCommand): string {
  if (existsSync(join(directory, command))) {
    return `"${command}" is in the artifact, but a command without a slash is looked for on PATH only: say "./${command}" in ${field}`;
  }
  return `There is no program "${command}" on this node's PATH, and none in the artifact: install it on the node, or pack it and name it by its path in ${field}${elsewhere(directory, command)}`;
}

function faultAt(what: StartCommand, path: string): string | null {
  const { command, user } = what;
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    return notThere(what, path, (error as NodeJS.ErrnoException).code);
  }
  if (stats.isDirectory()) return `"${command}" is a folder: name the program in it`;
  if (!stats.isFile()) return `"${command}" is not a file`;
  if ((stats.mode & 0o111) === 0) {
    return `"${command}" is not executable: run "chmod +x" on it before you pack the artifact, or make its interpreter the command`;
  }
  if (!mayExecute(stats, user)) {
    const who = user ? `user ${user.name}` : "the agent's user";
    return `"${command}" may not be executed by ${who}: run "chmod a+rx" on it before you pack the artifact`;
  }
  const program = programIn(path);
  return program && faultOf(program, what);
}

function notThere({ command, directory, field }: StartCommand, path: string, code?: string) {
  if (code === 'ENOTDIR') return `"${command}" leads through a file as if it were a folder`;
  if (code === 'EACCES') return `"${command}" is in a folder that may not be entered`;
  if (isLink(path)) return `"${command}" is a link to something that is not there`;
  if (isAbsolute(command)) {
    return `There is no "${command}" on this node: install it, or name another command in ${field}`;
  }
  return `There is no "${command}" in the artifact: pack it, or name another command in ${field}${elsewhere(directory, command)}`;
}

function faultOf(program: Program, what: StartCommand): string | null {
  const shown = `"${what.command}"`;
  switch (program.kind) {
    case 'script':
      return scriptFault(program.interpreter, program.argument, what);
    case 'marked':
      return `${shown} begins with a byte order mark, so its first line names no interpreter: save it as UTF-8 without BOM`;
    case 'empty':
      return `${shown} is an empty file`;
    case 'foreign':
      return `${shown} is a program for ${program.system}: build it for Linux`;
    case 'elf':
      if (program.machine !== process.arch) {
        return `${shown} is a program for ${program.machine}, and this node is ${process.arch}: build it for that`;
      }
      if (program.loader === null || existsSync(program.loader)) return null;
      return `${shown} needs ${program.loader}, which is not on this node: it was built for another Linux (with musl, as Alpine, or with glibc). Build it for this one, or link it statically`;
    case 'other':
      return null;
  }
}

function scriptFault(interpreter: string, argument: string, what: StartCommand): string | null {
  const shown = `"${what.command}"`;
  if (`${interpreter}${argument}`.endsWith('\r')) {
    return `${shown} has Windows line ends, so no interpreter is found for its first line: convert it with "dos2unix", and keep it so with "*.sh text eol=lf" in .gitattributes`;
  }
  const missing = (name: string) =>
    `${shown} asks for the interpreter "${name}", which is not on this node: install it there, or change its first line`;
  if (!existsSync(resolve(what.directory, interpreter))) return missing(interpreter);
  if (basename(interpreter) !== 'env') return null;
  const name = argument
    .split(/[ \t]+/)
    .find((word) => !word.startsWith('-') && !word.includes('='));
  return name === undefined || name.includes('/') || onPath(what, name) !== null
    ? null
    : missing(name);
}

/** As execvp does: the first that may be executed, else the first of that name. */
function onPath({ path = DEFAULT_PATH, directory, user }: StartCommand, name: string) {
  const files = path.split(':').map((folder) => resolve(directory, folder, name));
  const found = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  return found.find((file) => mayExecute(statSync(file), user)) ?? found[0] ?? null;
}

function mayExecute({ mode, uid, gid }: Stats, user: ModuleUser | undefined): boolean {
  const own = user?.uid ?? process.getuid?.() ?? 0;
  const groups = user ? [user.gid, ...user.groups] : (process.getgroups?.() ?? []);
  if (own === 0) return (mode & 0o111) !== 0;
  if (uid === own) return (mode & 0o100) !== 0;
  return (mode & (groups.includes(gid) ? 0o010 : 0o001)) !== 0;
}

/** An archive of a folder has all its files one level further down. */
function elsewhere(directory: string, command: string): string {
  try {
    const folders = readdirSync(directory, { withFileTypes: true })
      .filter((one) => one.isDirectory())
      .slice(0, MOST_FOLDERS);
    const places = folders.flatMap(({ name }) => [
      join(directory, name, command),
      join(directory, name, basename(command)),
    ]);
    const found = places.find((place) => statSync(place, { throwIfNoEntry: false })?.isFile());
    return found === undefined ? '' : `; there is a "./${relative(directory, found)}"`;
  } catch {
    return '';
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
