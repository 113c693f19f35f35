import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { join } from 'node:path';
import { ConfigError } from './config-error.js';
import type { Config } from './config.js';
import { makeKeyFileOnce, readKeyFile } from './key-file.js';
import { settings } from './settings.js';

/** A private key of this installation, under the RFC 7638 thumbprint of its public half. */
export interface InstallationKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export type KeyPurpose = 'signing' | 'agent' | 'audit';

const purposes = {
  signing: {
    setting: 'signingKeyFile',
    file: 'access-token-key.pem',
    form: 'a P-256 private key (ES256)',
    fits: (key: KeyObject) =>
      key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    generate: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  },
  agent: {
    setting: 'agentKeyFile',
    file: 'agent-key.pem',
    form: 'an Ed25519 private key',
    fits: (key: KeyObject) => key.asymmetricKeyType === 'ed25519',
    generate: () => generateKeyPairSync('ed25519').privateKey,
  },
  audit: {
    setting: 'auditKeyFile',
    file: 'audit-key.pem',
    form: 'an Ed25519 private key',
    fits: (key: KeyObject) => key.asymmetricKeyType === 'ed25519',
    generate: () => generateKeyPairSync('ed25519').privateKey,
  },
} as const;

/**
 * The key that the operator gave; without one, standalone mode makes its own once, readable by its
 * owner only. There is no built-in key, and none in memory only: what it signed must outlive a
 * restart. Throws ConfigError.
 */
export async function openKey(config: Config, purpose: KeyPurpose): Promise<InstallationKey> {
  const { setting, file: generatedFile, generate } = purposes[purpose];
  const given = config.keys[setting];
  if (given !== null) return readKey(purpose, given);
  const { env } = settings[setting];
  if (config.mode === 'cluster') throw new ConfigError([`Cluster mode needs ${env}: set it.`]);
  const own = join(config.home, generatedFile);
  await makeKeyFileOnce(own, () => generate().export({ type: 'pkcs8', format: 'pem' }).toString());
  return readKey(purpose, own);
}

async function readKey(purpose: KeyPurpose, file: string): Promise<InstallationKey> {
  const { setting, form, fits } = purposes[purpose];
  const place = `${settings[setting].env} (${file})`;
  const pem = await readKeyFile(place, file);
  let privateKey: KeyObject | undefined;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // The library's words may quote the file; ours do not.
  }
  if (!privateKey || !fits(privateKey)) {
    throw new ConfigError([`${place} must hold ${form} as PEM, without a passphrase.`]);
  }
  const publicKey = createPublicKey(privateKey);
  return { kid: thumbprint(publicKey), privateKey, publicKey };
}

function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const members = y === undefined ? { crv, kty, x } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
