/**
 * As whom PostgreSQL runs. It refuses to run as root, so root starts it in a user namespace, where it
 * is an ordinary user while its files stay root's: no user has to exist and no folder is opened. Where
 * namespaces are refused it runs as another user of the system.
 *
 * On Linux the server also asks the kernel for SIGINT when its parent dies, so that even `kill -9`
 * of the platform leaves no server behind.
 */
import { execFile, type SpawnOptions } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type RunAs =
  { kind: 'self' } | { kind: 'user-namespace' } | { kind: 'user'; uid: number; gid: number };

export interface CommandLine {
  file: string;
  args: string[];
  options: Pick<SpawnOptions, 'uid' | 'gid' | 'env'>;
}

/** Nothing of the caller's environment reaches the server: it may hold secrets. */
const env = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };

export function commandLine(runAs: RunAs, file: string, args: string[]): CommandLine {
  switch (runAs.kind) {
    case 'self':
      return { file, args, options: { env } };
    case 'user-namespace':
      return {
        file: 'unshare',
        args: ['--user', '--map-user=1000', '--map-group=1000', '--', file, ...args],
        options: { env },
      };
    case 'user':
      return { file, args, options: { env, uid: runAs.uid, gid: runAs.gid } };
  }
}

/** Runs a program to its end and returns what it said; rejects when it fails. */
export async function runToEnd(
  runAs: RunAs,
  file: string,
  args: string[],
  timeoutMs = 120_000,
): Promise<string> {
  const line = commandLine(runAs, file, args);
  const { stdout } = await run(line.file, line.args, {
    ...line.options,
    cwd: '/',
    timeout: timeoutMs,
  });
  return stdout;
}

export async function succeeds(runAs: RunAs, file: string, args: string[]): Promise<boolean> {
  return runToEnd(runAs, file, args, 10_000).then(
    () => true,
    () => false,
  );
}

/** A prefix that makes the kernel send SIGINT to the server when this process dies. */
export async function diesWithParent(runAs: RunAs): Promise<string[]> {
  const prefix = ['setpriv', '--pdeathsig', 'INT'];
  const [file = '', ...args] = prefix;
  return (await succeeds(runAs, file, [...args, 'true'])) ? prefix : [];
}

/** The users that PostgreSQL may run as when root has no user namespaces, best first. */
export async function otherUsers(): Promise<RunAs[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  const found: RunAs[] = [];
  for (const wanted of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    if (uid > 0 && gid >= 0) found.push({ kind: 'user', uid, gid });
  }
  return found;
}
