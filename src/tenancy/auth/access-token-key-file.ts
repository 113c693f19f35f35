import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../kernel/errors.js';
import { ConfigError } from '../../platform/config/config-error.js';
import type { Config } from '../../platform/config/config.js';
import { AccessTokenKeys } from './access-token-keys.js';

const GENERATED_FILE = 'access-token-key.pem';

/**
 * Reads the key that the operator gave; without one, standalone mode makes its own once. There is
 * no built-in key and none in memory only: tokens must outlive a restart.
 */
export async function openAccessTokenKeys(config: Config): Promise<AccessTokenKeys> {
  const file = config.keys.signingKeyFile;
  if (file !== null) return keysOf(file);
  if (config.mode === 'cluster') {
    throw new ConfigError(['Cluster mode needs TIDEGATE_SIGNING_KEY_FILE: set it.']);
  }
  const own = join(config.home, GENERATED_FILE);
  await generateOnce(config.home, own);
  return keysOf(own);
}

async function keysOf(file: string): Promise<AccessTokenKeys> {
  try {
    return AccessTokenKeys.fromPem(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ConfigError([
      `TIDEGATE_SIGNING_KEY_FILE: ${file} cannot be used: ${messageOf(error)}. Correct the file or the path.`,
    ]);
  }
}

/** Two processes that start at once end up with the same key: the first link wins. */
async function generateOnce(home: string, file: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
    flag: 'wx',
  });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
