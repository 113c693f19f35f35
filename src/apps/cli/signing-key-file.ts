import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { CliError } from './exit-codes.js';

/** Makes an Ed25519 key; the private half goes into a file that only its owner may read. */
export async function createSigningKey(path: string): Promise<string> {
  const { privateKey, text } = newKey();
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError(
      code === 'EEXIST'
        ? `${path} is there already, and a key must not be lost: choose another --out.`
        : `The key cannot be written: ${message}`,
    );
  });
  try {
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await file.sync();
  } finally {
    await file.close();
  }
  return text;
}

/** Its text goes on command lines, where a leading "-" would begin an option. */
function newKey(): { privateKey: KeyObject; text: string } {
  for (;;) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const text = publicText(publicKey);
    if (!text.startsWith('-')) return { privateKey, text };
  }
}

export async function readSigningKey(path: string): Promise<KeyObject> {
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`The key cannot be read: ${(error as Error).message}`);
  });
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new CliError(`${path} is not a private key in PEM. Make one: tidegate keys create`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new CliError(`${path} is not an Ed25519 key. Make one: tidegate keys create`);
}

/** The public key as the server takes it. Given as text (base64url or PEM), or as `@file`. */
export async function readPublicKey(given: string): Promise<string> {
  const text = given.startsWith('@')
    ? await readFile(given.slice(1), 'utf8').catch((error: unknown) => {
        throw new CliError(`The key cannot be read: ${(error as Error).message}`);
      })
    : given;
  if (/^--[a-z]/.test(text)) throw new CliError(`unknown option '${text.slice(0, 80)}'`);
  // It must not leave this machine by a mistake.
  if (text.includes('PRIVATE KEY')) {
    const path = given.startsWith('@') ? given.slice(1) : 'FILE';
    throw new CliError(
      `That is the private half: it must stay here. Its public half: tidegate keys public ${path}`,
    );
  }
  return text.trim();
}

export async function publicKeyOf(privateKeyFile: string): Promise<string> {
  return publicText(createPublicKey(await readSigningKey(privateKeyFile)));
}

/** 32 bytes as base64url. */
function publicText(key: KeyObject): string {
  return key.export({ format: 'jwk' }).x!;
}
