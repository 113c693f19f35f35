import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from './config-error.js';

/** `place` names the file to the operator: its setting and its path. Throws ConfigError. */
export async function readKeyFile(place: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError([`${place} cannot be read (${code}): check the path and its rights.`]);
  }
}

/** Two processes that start at once end up with the same key: the first link wins. */
export async function makeKeyFileOnce(file: string, generate: () => string): Promise<void> {
  const folder = dirname(file);
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(draft, generate(), { mode: 0o600, flag: 'wx' });
    // The umask may have taken more away than is wanted; nobody else gains by this.
    await chmod(draft, 0o600);
    await link(draft, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    throw new ConfigError([
      `TIDEGATE_HOME (${folder}) cannot be written (${code ?? 'unknown error'}): check its rights.`,
    ]);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}
