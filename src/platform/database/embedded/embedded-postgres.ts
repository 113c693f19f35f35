/**
 * A real PostgreSQL of the platform's own, from npm packages: nothing to install, nothing to configure.
 * It listens on a Unix socket in a 0700 folder only, asks for a random password (0600), and lives
 * and ends with this process.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { DomainError, messageOf } from '../../../kernel/errors.js';
import { type Binaries, installedBinaries } from './binaries.js';
import { keepPostmaster } from './kept-postmaster.js';
import { findPlace, type Place, type PlaceOptions } from './place.js';
import {
  clearLeftOver,
  lockFileOf,
  type Postmaster,
  removeSocketFolder,
  startPostmaster,
} from './postmaster.js';
import { runToEnd } from './run-as.js';
import { claimOf, takeClaim } from './server-claim.js';

/** Only a part of the socket's file name: nothing listens on a port. */
const port = 5432;
const superuser = 'postgres';
/** The address of a Unix socket has 108 bytes, the last of which ends it. */
const socketPathBytes = 107;
const startMs = 120_000;

const tuning = {
  max_connections: '100',
  listen_addresses: '',
  jit: 'off',
  // Statements and rows stay out of the file: they may hold what nobody should read there.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

export interface EmbeddedPostgresOptions {
  dataDir: string;
  log: (line: string) => void;
  /** Further server settings; they win over the platform's. */
  settings?: Record<string, string>;
  /** Use the server of a running platform instead of refusing; its owner stops it. */
  mayShare?: boolean;
  place?: PlaceOptions;
  /** Another PostgreSQL's programs than the ones that npm brought. */
  binaries?: Binaries;
}

export interface EmbeddedPostgres {
  /** A folder with the server's Unix socket: clients take it as their host. */
  host: string;
  port: number;
  superuser: { user: string; password: string };
  /** Where its data are. */
  folder: string;
  /** The same in everything but name: stops once, however often it is called. */
  stop(): Promise<void>;
}

export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  if (process.platform === 'win32') throw notHere();
  const place = await findPlace(
    dataDir,
    options.binaries ?? (await installedBinaries()),
    options.place,
  );
  if (options.mayShare && (await claimOf(dataDir)) !== undefined) return shared(dataDir, place);

  const claim = await takeClaim(dataDir);
  let socketFolder: string | undefined;
  let postmaster: Postmaster | undefined;
  let start: () => Promise<Postmaster>;
  try {
    const data = join(place.folder, 'data');
    if (await clearLeftOver(data)) options.log('Stopped a database server that a crash had left.');
    const password = await passwordOf(dataDir);
    await ensureCluster(place, password, options);
    socketFolder = await makeSocketFolder(place);
    const settings = { ...tuning, ...options.settings, unix_socket_directories: socketFolder };
    const access = { host: socketFolder, password };
    start = () => startWhenFree(place, settings, access);
    postmaster = await start();
  } catch (error) {
    await postmaster?.stop();
    if (socketFolder) await removeSocketFolder(socketFolder);
    await claim.release();
    throw error;
  }

  const [running, folder] = [keepPostmaster(postmaster, start, options.log), socketFolder];
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await running.stop();
    await removeSocketFolder(folder);
    await claim.release();
  };
  return {
    host: folder,
    folder: place.folder,
    port,
    superuser: { user: superuser, password: await passwordOf(dataDir) },
    stop: () => (stopping ??= stop()),
  };
}

async function shared(dataDir: string, place: Place): Promise<EmbeddedPostgres> {
  const password = await passwordOf(dataDir);
  const deadline = performance.now() + startMs;
  for (;;) {
    const lock = await lockFileOf(join(place.folder, 'data'));
    if (lock?.isServing && (await answers(lock.socketFolder, password)) === undefined) {
      return {
        host: lock.socketFolder,
        folder: place.folder,
        port,
        superuser: { user: superuser, password },
        stop: async () => {},
      };
    }
    if (performance.now() > deadline) throw notStarted('it is not answering', dataDir);
    await delay(50);
  }
}

/** The password is written before the data: data without its password could never be opened. */
async function passwordOf(dataDir: string): Promise<string> {
  const path = join(dataDir, 'superuser-password');
  const present = await readFile(path, 'utf8').catch(() => '');
  if (present.length >= 32) return present;
  const password = randomBytes(24).toString('base64url');
  await writeFile(path, password, { mode: 0o600 });
  return password;
}

/** Makes the data aside and renames it: an interrupted start leaves none or all. */
async function ensureCluster(
  place: Place,
  password: string,
  options: Pick<EmbeddedPostgresOptions, 'log' | 'settings'>,
): Promise<void> {
  const data = join(place.folder, 'data');
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  const offered = (await runToEnd(place.runAs, place.binaries.postgres, ['--version'])).split(
    ' ',
  )[2];
  if (version !== undefined) {
    if (version.trim() === offered?.split('.')[0]) return;
    throw new DomainError(
      'conflict',
      'embedded-postgres-version',
      `The data in ${data} is of PostgreSQL ${version.trim()}, and this version brings ${offered?.trim()}: move it with the previous version's dump, or choose another state folder.`,
    );
  }
  options.log('Preparing the embedded database …');
  const partial = join(place.folder, 'data.partial');
  const passwordFile = join(place.folder, 'initdb-password');
  await rm(partial, { recursive: true, force: true });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await handOver(place, passwordFile);
  try {
    await runToEnd(place.runAs, place.binaries.initdb, [
      `--pgdata=${partial}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Who does not wait for the disk later need not wait for it now.
      ...(options.settings?.['fsync'] === 'off' ? ['--no-sync'] : []),
      ...localeFlags(Number.parseInt(offered ?? '', 10)),
    ]);
    await rename(partial, data);
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim();
    throw notStarted(said ?? messageOf(cause), place.folder, cause);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(partial, { recursive: true, force: true });
  }
}

/** Sorted by code point on every machine, whatever its locales are. */
function localeFlags(major: number): string[] {
  return major >= 17
    ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale=C'];
}

async function makeSocketFolder(place: Place): Promise<string> {
  const wanted = join(place.folder, 'socket');
  if (Buffer.byteLength(join(wanted, `.s.PGSQL.${port}`)) <= socketPathBytes) {
    // What a killed server left there would be taken for a living one's.
    await rm(wanted, { recursive: true, force: true });
    await mkdir(wanted, { mode: 0o700 });
    await chmod(wanted, 0o700);
    await handOver(place, wanted);
    return wanted;
  }
  const base = Buffer.byteLength(tmpdir()) <= 64 ? tmpdir() : '/tmp';
  const folder = await mkdtemp(join(base, 'tg-pg-'));
  await handOver(place, folder);
  return folder;
}

async function handOver(place: Place, path: string): Promise<void> {
  if (place.runAs.kind === 'user') await chown(path, place.runAs.uid, place.runAs.gid);
}

/** A killed server's last processes may hold its shared memory for a moment: worth a few tries. */
async function startWhenFree(
  place: Place,
  settings: Record<string, string>,
  access: { host: string; password: string },
): Promise<Postmaster> {
  const deadline = performance.now() + startMs;
  for (let attempt = 1; ; attempt++) {
    const postmaster = await startPostmaster(place, settings);
    let reason: string | undefined = 'the server ended';
    while (!postmaster.hasExited() && performance.now() < deadline) {
      reason = await answers(access.host, access.password);
      if (reason === undefined) return postmaster;
      await delay(20);
    }
    const lastWords = await postmaster.lastWords();
    await postmaster.stop();
    const isHeld = /shared memory block|lock file "postmaster.pid"/.test(lastWords);
    if (!isHeld || attempt >= 20) throw notStarted(lastWords || reason, place.folder);
    await delay(250);
  }
}

/** Undefined when the server takes the superuser's password; otherwise why not (yet). */
async function answers(host: string, password: string): Promise<string | undefined> {
  const client = new Client({
    host,
    port,
    user: superuser,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    await client.end().catch(() => {});
  }
}

function notStarted(words: string, folder: string, cause?: unknown): DomainError {
  if (/No space left on device|Disk quota exceeded/.test(words)) return noRoom(folder, cause);
  const lines = words.split('\n');
  // What went wrong is not always what was said last: initdb then tidies up, and says so.
  const reason = lines.find((line) => /error|FATAL|PANIC/.test(line)) ?? lines.at(-1)!;
  return new DomainError(
    'unavailable',
    'embedded-postgres-not-started',
    `The embedded PostgreSQL in ${folder} did not start (${reason}): see server.log there, or name a server in DATABASE_URL.`,
    { cause },
  );
}

function noRoom(folder: string, cause: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'embedded-postgres-full',
    `The disk of ${folder} is full, and the embedded PostgreSQL cannot start: make room there, or name another folder in TIDEGATE_HOME.`,
    { cause },
  );
}

function notHere(): DomainError {
  return new DomainError(
    'unavailable',
    'embedded-postgres-platform',
    'The embedded PostgreSQL needs Unix sockets: on Windows use WSL, or name a server in DATABASE_URL.',
  );
}
