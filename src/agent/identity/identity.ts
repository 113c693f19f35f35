import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../../kernel/errors.js';
import { publicKeyText } from '../../kernel/signature.js';
import { enrollResponse } from '../protocol/protocol.js';

/** Who this node is: its own key, made here and never sent, and what enrolment answered. */
const storedIdentity = z.object({
  server: z.string(),
  name: z.string(),
  /** `<environment>/<cluster>` as it was at the enrolment, for people. */
  place: z.string().optional(),
  ...enrollResponse.omit({ protocol: true }).shape,
});

export type NodeIdentity = z.output<typeof storedIdentity>;

export interface NodeKey {
  readonly privateKey: KeyObject;
  /** Ed25519 `x`, base64url. */
  readonly publicKey: string;
}

/** Reads the node's key, or makes it on first use (0600, on disk before it is ever used). */
export async function nodeKey(directory: string): Promise<NodeKey> {
  const path = join(directory, 'node.key');
  let pem = await readFile(path, 'utf8').catch(absent);
  if (pem === null) {
    pem = generateKeyPairSync('ed25519').privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }) as string;
    await writeDurably(path, pem);
  }
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: publicKeyText(createPublicKey(privateKey)) };
}

/** The private half, in each way that it may be written. */
export function secretsOf({ privateKey }: NodeKey): string[] {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const { d } = privateKey.export({ format: 'jwk' });
  return [...pem.split('\n').filter((line) => line !== '' && !line.startsWith('-')), d ?? ''];
}

export async function readIdentity(directory: string): Promise<NodeIdentity | null> {
  const path = join(directory, 'identity.json');
  const text = await readFile(path, 'utf8').catch(absent);
  if (text === null) return null;
  try {
    return storedIdentity.parse(JSON.parse(text));
  } catch (error) {
    throw new DomainError(
      'invalid',
      'identity-damaged',
      `${path} cannot be read; remove it and start once more with the enrolment token.`,
      { cause: error },
    );
  }
}

export async function writeIdentity(directory: string, identity: NodeIdentity): Promise<void> {
  await writeDurably(join(directory, 'identity.json'), JSON.stringify(identity, null, 2));
}

async function writeDurably(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
