import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An exchanged token, and until when it is good and can be renewed. In ms since the epoch. */
export interface WorkloadToken {
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly renewableUntil: number;
}

/** No job's token lives longer. */
const OLD_MS = 24 * 3_600_000;
const NAME = /^workload-[0-9a-f]{32}\.json$/;

/**
 * Where the commands of one job leave the token for each other: the one of its runner can be exchanged once.
 * For the owner alone, by the digest of that token, which is not in it.
 */
export class KeptToken {
  constructor(private readonly folder: string) {}

  /** Null: there is none that can be believed. */
  async read(server: string, idToken: string): Promise<WorkloadToken | null> {
    try {
      const path = this.pathOf(server, idToken);
      if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) return null;
      const kept = JSON.parse(await readFile(path, 'utf8')) as WorkloadToken;
      return typeof kept.accessToken === 'string' ? kept : null;
    } catch {
      return null;
    }
  }

  async write(server: string, idToken: string, token: WorkloadToken): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = this.pathOf(server, idToken);
    const temporary = `${path}.${randomUUID()}`;
    await writeFile(temporary, JSON.stringify(token), { mode: 0o600, flag: 'wx' });
    await rename(temporary, path);
    await this.tidy();
  }

  private pathOf(server: string, idToken: string): string {
    const digest = createHash('sha256').update(`${server}\n${idToken}`).digest('hex');
    return join(this.folder, `workload-${digest.slice(0, 32)}.json`);
  }

  /** What earlier jobs have left on a runner that lives on. */
  private async tidy(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      const isOld = async () => Date.now() - (await stat(path)).mtimeMs > OLD_MS;
      if (NAME.test(name) && (await isOld().catch(() => false))) await rm(path, { force: true });
    }
  }
}
