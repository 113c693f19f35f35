/**
 * A decision that a passkey has signed, as it is stored beside it, and the check that anybody can do again:
 * from these texts alone, with the hashes and signatures that every language has.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { digestOfBytes } from '../digest.js';
import { challengeOfText } from './signed-decision.js';

/** Texts and integers only. Whatever is binary is base64url. */
export interface PasskeyEvidence {
  readonly kind: 'passkey';
  /** Canonical JSON of a SignedDecision: its sha-256 is the challenge. */
  readonly signed: string;
  readonly rpId: string;
  readonly origin: string;
  readonly credentialId: string;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: string;
  /** As COSE numbers them: -7 ES256, -8 EdDSA, -257 RS256. */
  readonly algorithm: number;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
}

/** Of a key as it stands in evidence: what the entry of its registration says of it. */
export function digestOfKey(publicKey: string): string {
  return digestOfBytes(Buffer.from(publicKey, 'base64url'));
}

export type EvidenceFault =
  | 'algorithm'
  | 'challenge'
  | 'client-data'
  | 'origin'
  | 'relying-party'
  | 'signature'
  | 'user-not-verified';

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const RP_HASH_BYTES = 32;
/** The hash, the flags and the counter. */
const LEAST_BYTES = 37;

const HASHES: ReadonlyMap<number, string | null> = new Map([
  [-7, 'sha256'],
  [-8, null],
  [-257, 'sha256'],
]);

/** Null: somebody with this key has decided exactly that, verified, at this address. */
export function faultOf(evidence: PasskeyEvidence): EvidenceFault | null {
  const clientData = Buffer.from(evidence.clientDataJSON, 'base64url');
  const authData = Buffer.from(evidence.authenticatorData, 'base64url');
  const client = clientDataOf(clientData);
  if (client?.type !== 'webauthn.get' || client.crossOrigin === true) return 'client-data';
  if (client.challenge !== challengeOfText(evidence.signed).toString('base64url'))
    return 'challenge';
  if (client.origin !== evidence.origin) return 'origin';
  if (authData.length < LEAST_BYTES || !isFor(authData, evidence)) return 'relying-party';
  const needed = USER_PRESENT | USER_VERIFIED;
  if ((authData[RP_HASH_BYTES]! & needed) !== needed) return 'user-not-verified';
  const hash = HASHES.get(evidence.algorithm);
  if (hash === undefined) return 'algorithm';
  return isSigned(hash, { evidence, authData, clientData }) ? null : 'signature';
}

interface ClientData {
  readonly type?: unknown;
  readonly challenge?: unknown;
  readonly origin?: unknown;
  readonly crossOrigin?: unknown;
}

function clientDataOf(bytes: Buffer): ClientData | null {
  try {
    return JSON.parse(bytes.toString('utf8')) as ClientData | null;
  } catch {
    return null;
  }
}

function isFor(authData: Buffer, { rpId, origin }: PasskeyEvidence): boolean {
  const host = URL.canParse(origin) ? new URL(origin).hostname : '';
  if (host !== rpId && !host.endsWith(`.${rpId}`)) return false;
  const expected = createHash('sha256').update(rpId).digest();
  return authData.subarray(0, RP_HASH_BYTES).equals(expected);
}

interface Signed {
  readonly evidence: PasskeyEvidence;
  readonly authData: Buffer;
  readonly clientData: Buffer;
}

function isSigned(hash: string | null, { evidence, authData, clientData }: Signed): boolean {
  const digest = createHash('sha256').update(clientData).digest();
  const signature = Buffer.from(evidence.signature, 'base64url');
  try {
    const der = Buffer.from(evidence.publicKey, 'base64url');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(hash, Buffer.concat([authData, digest]), key, signature);
  } catch {
    return false;
  }
}
