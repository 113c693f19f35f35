import { access, constants, mkdir, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskProblem } from '../../kernel/disk-problem.js';
import { ConfigError } from './config-error.js';

const MEBIBYTE = 1024 * 1024;
/** More than the smallest block of any file system: what is only promised is no room. */
const PROBE_BYTES = 64 * 1024;
const ELSEWHERE = 'name another folder in TIDEGATE_HOME';

/**
 * Whether the home is a folder that this process can fill, before anything is made in it. Made if it is not
 * there. Throws ConfigError with a sentence that says what to do.
 */
export async function prepareHome(home: string, leastFreeBytes = 0): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await tryWriting(home);
  } catch (error) {
    throw await refusalOf(home, error);
  }
  const { bavail, bsize, blocks } = await statfs(home);
  const free = bavail * bsize;
  // Without blocks: a file system that does not tell.
  if (free >= leastFreeBytes || blocks === 0) return;
  const [has, needs] = [free, leastFreeBytes].map((bytes) => Math.floor(bytes / MEBIBYTE));
  throw new ConfigError([
    `The disk of ${home} has ${has} MiB free, and the database needs ${needs} MiB to start: make room there, or ${ELSEWHERE}.`,
  ]);
}

async function tryWriting(home: string): Promise<void> {
  const path = join(home, `.writable.${process.pid}`);
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(Buffer.alloc(PROBE_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    // Said of the home, which is what the reader can change; of a write there is no path at all.
    throw Object.assign(new Error('not writable', { cause: error }), {
      code: (error as NodeJS.ErrnoException).code,
      path: home,
    });
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

async function refusalOf(home: string, error: unknown): Promise<unknown> {
  const problem = diskProblem(error, ELSEWHERE) ?? (await refusalAbove(home));
  return problem === null ? error : new ConfigError([problem]);
}

/** Node says ENOENT of a folder that cannot be made in one that is read-only. */
async function refusalAbove(home: string): Promise<string | null> {
  for (let above = dirname(home); ; above = dirname(above)) {
    try {
      await access(above, constants.W_OK | constants.X_OK);
      return null;
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing || above === dirname(above)) return diskProblem(error, ELSEWHERE);
    }
  }
}
