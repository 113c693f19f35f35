import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/config.js';
import { makeKeyFileOnce, readKeyFile } from '../config/key-file.js';
import { settings } from '../config/settings.js';
import { KeySealer } from './key-sealer.js';
import type { Sealer } from './sealer.js';

const GENERATED_FILE = 'sealing.key';
const KEY_BYTES = 32;
/** A rotation needs two; who has more has forgotten to seal anew what the oldest of them sealed. */
const MOST_KEYS = 16;
/** Of 32 random bytes fewer are different once in 10^20 keys; a placeholder has one or two. */
const DIFFERENT_BYTES = 16;

const FORM =
  'must hold a key in each line, the current one first: 32 random bytes in base64 or hex (openssl rand -base64 32)';

/**
 * The keys that the operator gave; without, standalone mode makes one once, readable by its owner only.
 * There is no built-in key. Throws ConfigError, without a word of what the file says.
 */
export async function openSealer(config: Config): Promise<Sealer> {
  const { env } = settings.sealingKeyFile;
  const given = config.keys.sealingKeyFile;
  if (given === null && config.mode === 'cluster') {
    throw new ConfigError([`Cluster mode needs ${env}: set it.`]);
  }
  const file = given ?? join(config.home, GENERATED_FILE);
  if (given === null) {
    await makeKeyFileOnce(file, () => `${randomBytes(KEY_BYTES).toString('base64')}\n`);
  }
  const place = `${env} (${file})`;
  return new KeySealer(keysIn(await readKeyFile(place, file), place));
}

function keysIn(text: string, place: string): Buffer[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const keys: Buffer[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const key = keyOf(line);
    if (!key) throw new ConfigError([`${place} ${FORM}; line ${index + 1} is none.`]);
    if (new Set(key).size < DIFFERENT_BYTES) {
      throw new ConfigError([`${place} ${FORM}; line ${index + 1} is not random.`]);
    }
    if (keys.some((other) => other.equals(key))) {
      throw new ConfigError([`${place} has the same key twice, again in line ${index + 1}.`]);
    }
    keys.push(key);
  }
  if (keys.length === 0) throw new ConfigError([`${place} ${FORM}; it is empty.`]);
  if (keys.length > MOST_KEYS) {
    throw new ConfigError([`${place} has more than ${MOST_KEYS} keys: take out the oldest.`]);
  }
  return keys;
}

/** Hex first: 64 of its digits would be base64, too, of something longer. */
function keyOf(line: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(line)) return Buffer.from(line, 'hex');
  if (!/^(?:[A-Za-z0-9+/]{43}=?|[\w-]{43}=?)$/.test(line)) return undefined;
  const key = Buffer.from(line, 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}
