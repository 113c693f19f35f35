/**
 * Programs that tests need and the project does not bring: found on the PATH, or taken from Debian's packages
 * when root may install them.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const installMs = 300_000;

/** A program that nobody here wrote, and the package of Debian that has it. */
export interface ForeignProgram {
  name: string;
  package: string;
}

/**
 * The path of `wanted`, installed if that can be done.
 *
 * @throws when it is neither there nor to be had; the text says how to get it.
 */
export async function foreignProgram(wanted: ForeignProgram): Promise<string> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const path = await oneInstallAtATime(async () => {
    const present = await programOnPath(wanted.name);
    if (present) return present;
    await installPackage(wanted.package, say);
    return programOnPath(wanted.name);
  });
  if (path) return path;
  throw new Error(
    `This test needs ${wanted.name}, which is not on the PATH: install it (Debian: apt-get install ${wanted.package}).`,
  );
}

/** The first of `names` that can be run. */
export async function programOnPath(...names: string[]): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  for (const name of names) {
    for (const folder of folders) {
      const program = join(folder, name);
      const isThere = await access(program, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (folder && isThere) return program;
    }
  }
  return undefined;
}

/** Whether Debian's package `name` was installed; false where that is not for us to do. */
export async function installPackage(name: string, say: (line: string) => void): Promise<boolean> {
  const isDebian = await stat('/etc/debian_version').catch(() => undefined);
  if (!isDebian || process.getuid?.() !== 0) return false;
  say(`Installing ${name} for the tests (apt-get, about 20 s) …`);
  const options = {
    timeout: installMs,
    // RUNLEVEL: the program is wanted, not the package's own server.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  };
  await run('apt-get', ['update', '-qq'], options);
  const policy = ['-o', 'Dpkg::Options::=--force-confold', '-o', 'DPkg::Lock::Timeout=120'];
  await run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...policy, name],
    options,
  );
  return true;
}

/** Two runs at once must not both call the package manager. */
export async function oneInstallAtATime<T>(work: () => Promise<T>): Promise<T> {
  const lock = join(tmpdir(), `tidegate-test-install-${process.getuid?.() ?? 0}`);
  const deadline = performance.now() + installMs;
  for (;;) {
    const isMine = await mkdir(lock).then(
      () => true,
      () => false,
    );
    if (isMine) break;
    const since = await stat(lock).then(
      (found) => found.mtimeMs,
      () => Date.now(),
    );
    // Nobody installs for ten minutes: that one was killed.
    if (Date.now() - since > 600_000) await rm(lock, { recursive: true, force: true });
    if (performance.now() > deadline)
      throw new Error('another run is installing a program for too long');
    await delay(200);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}
