import { existsSync, renameSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DomainError, messageOf } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import type { Reason } from '../journal/journal.js';
import type { DesiredRelease } from '../protocol/protocol.js';
import { Backoff } from '../transport/backoff.js';
import { ServerRefusal } from '../transport/control-plane.js';
import { type ArtifactSource, download, readFromStart, verifyFile } from './download.js';
import { isPartial, partialOf, unpackArchive } from './unpack.js';

/** Wrong bytes once may be a broken proxy; three times they are what the server has. */
const MISMATCH_ATTEMPTS = 3;
/** "You may not" or "not there" can be the moment before a move commits; not for ever. */
const REFUSAL_ATTEMPTS = 5;

export interface InstallOptions {
  readonly signal: AbortSignal;
  /** Told why it takes longer. */
  readonly onDelay: (reason: Reason) => void;
}

/** The unpacked releases of this node: `modules/<moduleId>/releases/<artifact>`. */
export class ReleaseStore {
  constructor(
    private readonly root: string,
    private readonly source: ArtifactSource,
    private readonly backoff: () => Backoff = () => new Backoff(500, 15_000),
  ) {}

  directoryOf(moduleId: string, release: DesiredRelease): string {
    return join(this.releasesOf(moduleId), nameOf(release));
  }

  moduleDirectory(moduleId: string): string {
    return join(this.root, 'modules', moduleId);
  }

  /**
   * Downloads, checks and unpacks unless it is here already. Waits out a server that is away; throws
   * DomainError: unprocessable when the bytes are not acceptable, else why they cannot be had.
   */
  async install(moduleId: string, release: DesiredRelease, options: InstallOptions): Promise<void> {
    const backoff = this.backoff();
    for (let attempt = 1; ; attempt += 1) {
      if (existsSync(this.directoryOf(moduleId, release))) return;
      options.signal.throwIfAborted();
      try {
        await this.fetch(moduleId, release, options.signal);
      } catch (error) {
        options.signal.throwIfAborted();
        const final = finalError(error, attempt);
        if (final) throw final;
        options.onDelay({ code: 'download-failed', message: messageOf(error).slice(0, 500) });
        const asked = error instanceof ServerRefusal ? (error.retryAfterMs ?? 0) : 0;
        const waitMs = Math.max(asked, backoff.nextMs());
        await pause(waitMs, undefined, { signal: options.signal });
      }
    }
  }

  /** Removes the releases of a module that nobody will go back to; `needed` is asked for each. */
  async prune(moduleId: string, needed: () => readonly DesiredRelease[]): Promise<void> {
    const folder = this.releasesOf(moduleId);
    for (const name of await readdir(folder).catch(() => [])) {
      // Being unpacked, or left over: then the next start removes it.
      if (isPartial(name)) continue;
      const path = join(folder, name);
      // In one go: nobody can come to need it between the answer and the new name.
      const isNeeded = needed().some((release) => nameOf(release) === name);
      // Two instances that end together both ask for this.
      if (isNeeded || !existsSync(path)) continue;
      const going = partialOf(path);
      renameSync(path, going);
      await rm(going, { recursive: true, force: true });
    }
  }

  /** What an agent that was killed left half-way. Only while nothing is being installed. */
  async clean(): Promise<void> {
    await rm(join(this.root, 'downloads'), { recursive: true, force: true });
    for (const moduleId of await readdir(join(this.root, 'modules')).catch(() => [])) {
      const folder = this.releasesOf(moduleId);
      const names = await readdir(folder).catch(() => []);
      for (const name of names.filter(isPartial)) {
        await rm(join(folder, name), { recursive: true, force: true });
      }
    }
  }

  private releasesOf(moduleId: string): string {
    return join(this.moduleDirectory(moduleId), 'releases');
  }

  private async fetch(
    moduleId: string,
    release: DesiredRelease,
    signal: AbortSignal,
  ): Promise<void> {
    const { artifactDigest, artifactBytes } = release;
    const path = join(this.root, 'downloads', newId());
    try {
      const file = await download(this.source, { artifactDigest, artifactBytes, path }, signal);
      try {
        await verifyFile(file, artifactDigest);
        const directory = this.directoryOf(moduleId, release);
        await unpackArchive({ source: readFromStart(file), directory, digest: artifactDigest });
      } finally {
        await file.close();
      }
    } finally {
      await rm(path, { force: true });
    }
  }
}

function nameOf(release: DesiredRelease): string {
  return release.artifactDigest.replace('sha256:', '');
}

/** Null: worth another try. */
function finalError(error: unknown, attempt: number): DomainError | null {
  if (error instanceof DomainError && error.kind === 'unprocessable') {
    const mayBeTheWay = error.code === 'artifact-digest-mismatch' && attempt < MISMATCH_ATTEMPTS;
    return mayBeTheWay ? null : error;
  }
  if (error instanceof ServerRefusal && error.isFinal && attempt >= REFUSAL_ATTEMPTS) {
    return new DomainError(
      'unavailable',
      'artifact-unavailable',
      `The server does not hand out the artifact: ${error.message} (${error.code}).`,
      { cause: error },
    );
  }
  return null;
}
