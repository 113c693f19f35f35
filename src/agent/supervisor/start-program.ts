import { type ChildProcess, spawn } from 'node:child_process';
import { type ModuleUser, SETPRIV } from './module-user.js';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A descriptor for what it prints. */
  readonly output: number;
  /** Undefined: as the agent. */
  readonly user: ModuleUser | undefined;
}

const ENV = '/usr/bin/env';

/**
 * What a loader, a C library or `setpriv` itself would obey: for a moment it runs as root in the
 * module's environment, and a module must not tell root what to load. As in glibc's list of what a
 * setuid program forgets, and whatever decides which messages are shown.
 */
const OBEYED =
  /^(LD_.*|GLIBC_TUNABLES|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|MALLOC_.*|MUSL_.*|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TMPDIR|TZ|TZDIR|LANG|LANGUAGE|LC_.*|OUTPUT_CHARSET|TEXTDOMAIN.*|.*_DEBUG)$/;

/** A process of a module, with a group and a session of its own. Throws, or answers one without a pid. */
export function startProgram(program: Program): ChildProcess {
  const { user, directory: cwd, environment: env, output, command, args } = program;
  const options = { cwd, env, detached: true, stdio: ['ignore', output, output] as const };
  if (!user) return spawn(command, args, { ...options, stdio: [...options.stdio] });
  const { uid, gid, groups } = user;
  if (groups.length === 0) {
    // Of the agent's own groups nothing is left then.
    return spawn(command, args, { ...options, stdio: [...options.stdio], uid, gid });
  }
  const { harmless, obeyed } = parted(env);
  const rights = [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${[gid, ...groups].join()}`];
  const late = obeyed.length > 0 ? [ENV, ...obeyed] : [];
  const whole = [...rights, '--inh-caps=-all', '--', ...late, command, ...args];
  return spawn(SETPRIV, whole, { ...options, stdio: [...options.stdio], env: harmless });
}

/** What must not reach root is set by `env`, once it is the user. */
function parted(environment: Readonly<Record<string, string>>) {
  const entries = Object.entries(environment);
  const isObeyed = ([name]: [string, string]) => OBEYED.test(name);
  return {
    harmless: Object.fromEntries(entries.filter((one) => !isObeyed(one))),
    obeyed: entries.filter(isObeyed).map(([name, value]) => `${name}=${value}`),
  };
}
