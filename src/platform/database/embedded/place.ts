/**
 * Where the server's files are and as whom it runs: in the folder asked for wherever that works, or,
 * as root without a way in (a 0700 home, no user namespaces), below /var/lib/tidegate with copied
 * programs. What was chosen once is found again, because data must never seem lost.
 */
import { createHash } from 'node:crypto';
import { chmod, chown, cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../../kernel/errors.js';
import { type Binaries, binariesIn } from './binaries.js';
import { otherUsers, type RunAs, succeeds } from './run-as.js';

export interface Place {
  folder: string;
  binaries: Binaries;
  runAs: RunAs;
}

export interface PlaceOptions {
  /** Below it root keeps what cannot be reached elsewhere. */
  sharedFolder?: string;
  /** Tried in this order when root starts the server. */
  candidates?: RunAs[];
  userId?: number;
}

export async function findPlace(
  dataDir: string,
  installed: Binaries,
  options: PlaceOptions = {},
): Promise<Place> {
  const { sharedFolder = '/var/lib/tidegate', userId = process.getuid?.() } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await chmod(dataDir, 0o700);
  if (userId !== 0) return { folder: dataDir, binaries: installed, runAs: { kind: 'self' } };

  const candidates = options.candidates ?? (await candidatesOfRoot(dataDir));
  const moved = join(sharedFolder, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  const folders = (await exists(join(moved, 'data'))) ? [moved] : [dataDir, moved];
  for (const folder of folders) {
    for (const runAs of candidates) {
      if (!(await succeeds(runAs, 'true', []))) continue;
      const place = await tryPlace(folder, folder === moved, runAs, installed, sharedFolder);
      if (place) return place;
    }
  }
  throw new DomainError(
    'unavailable',
    'embedded-postgres-as-root',
    'PostgreSQL refuses to run as root, and neither a user namespace nor the users "postgres" and "nobody" work here: start Tidegate as an ordinary user, or name a server in DATABASE_URL.',
  );
}

async function candidatesOfRoot(dataDir: string): Promise<RunAs[]> {
  // Data that an ordinary user has made stays that user's: PostgreSQL demands to run as its owner.
  const owner = await stat(join(dataDir, 'data')).catch(() => undefined);
  if (owner && owner.uid !== 0) return [{ kind: 'user', uid: owner.uid, gid: owner.gid }];
  return [{ kind: 'user-namespace' }, ...(await otherUsers())];
}

async function tryPlace(
  folder: string,
  isMoved: boolean,
  runAs: RunAs,
  installed: Binaries,
  sharedFolder: string,
): Promise<Place | undefined> {
  if (isMoved) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await chmod(sharedFolder, 0o755);
    await chmod(folder, 0o700);
  }
  const before = await stat(folder);
  if (runAs.kind === 'user') await chown(folder, runAs.uid, runAs.gid);
  const reachable = await succeeds(runAs, 'sh', ['-c', 'cd "$1" && test -w .', 'sh', folder]);
  if (!reachable) {
    await chown(folder, before.uid, before.gid);
    return undefined;
  }
  if (await succeeds(runAs, installed.postgres, ['--version'])) {
    return { folder, binaries: installed, runAs };
  }
  const copied = await copyBinaries(installed, sharedFolder);
  return (await succeeds(runAs, copied.postgres, ['--version']))
    ? { folder, binaries: copied, runAs }
    : undefined;
}

/** Copies the programs once per version of the package, whole or not at all. */
async function copyBinaries(installed: Binaries, sharedFolder: string): Promise<Binaries> {
  const { mtimeMs, size } = await stat(installed.postgres);
  const target = join(sharedFolder, `postgresql-${size}-${Math.trunc(mtimeMs)}`);
  if (!(await exists(target))) {
    const partial = `${target}.${process.pid}`;
    await mkdir(sharedFolder, { recursive: true, mode: 0o755 });
    await chmod(sharedFolder, 0o755);
    await cp(installed.folder, partial, { recursive: true, verbatimSymlinks: true });
    await chmod(partial, 0o755);
    await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return binariesIn(target);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
