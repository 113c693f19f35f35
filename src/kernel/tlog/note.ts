/**
 * Signed notes (C2SP signed-note): a text, and lines that each say who signed it. Lines of keys that
 * nobody here knows are no fault: witnesses and newer kinds of keys add theirs.
 */
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

const ED25519 = 1;
const KEY_ID_BYTES = 4;
const SIGNATURE_BYTES = 64;
const SIGNATURES = 100;
const NOTE_CHARACTERS = 64 * 1024;

export interface NoteSigner {
  /** Without spaces and `+`. */
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
}

export class NoteError extends Error {}

export function signNote(text: string, { name, privateKey }: NoteSigner): string {
  const id = keyIdOf(name, rawKeyOf(createPublicKey(privateKey)));
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`;
}

/**
 * The text, when at least one of the verifiers has signed it. Throws NoteError when none has, when a
 * signature of one of them is wrong, and for what is no note.
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): string {
  const { text, signatures } = splitNote(note);
  let isSigned = false;
  for (const { name, bytes } of signatures) {
    const keyId = bytes.subarray(0, KEY_ID_BYTES);
    const known = verifiers.find((each) => each.name === name && each.keyId.equals(keyId));
    if (!known) continue;
    const signature = bytes.subarray(KEY_ID_BYTES);
    const isRight =
      signature.length === SIGNATURE_BYTES &&
      verify(null, Buffer.from(text), known.publicKey, signature);
    if (!isRight) throw new NoteError(`the signature of ${name} is wrong`);
    isSigned = true;
  }
  if (!isSigned) throw new NoteError('no key that is trusted has signed it');
  return text;
}

export function splitNote(note: string): {
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Buffer }[];
} {
  const end = note.lastIndexOf('\n\n');
  // eslint-disable-next-line no-control-regex
  const isNote = note.length <= NOTE_CHARACTERS && !/[\u0000-\u0009\u000b-\u001f]/.test(note);
  if (!isNote || end < 0 || !note.endsWith('\n')) throw new NoteError('not a signed note');
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > SIGNATURES) throw new NoteError('a note with too many signatures');
  const signatures = lines.map((line) => {
    const [, name = '', base64 = ''] = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    if (name === '' || bytes.length <= KEY_ID_BYTES || bytes.toString('base64') !== base64) {
      throw new NoteError('not a line of a signature');
    }
    return { name, bytes };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** `<name>+<key id>+<key>`, as Go's sumdb and other tools take it. */
export function verifierKeyOf(name: string, publicKey: KeyObject): string {
  const raw = rawKeyOf(publicKey);
  const key = Buffer.concat([Buffer.of(ED25519), raw]).toString('base64');
  return `${name}+${keyIdOf(name, raw).toString('hex')}+${key}`;
}

/** Throws NoteError for what is not such a key. */
export function parseVerifierKey(text: string): NoteVerifier {
  const [, name = '', id = '', base64 = ''] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const raw = bytes.subarray(1);
  if (name === '' || bytes[0] !== ED25519 || raw.length !== 32) {
    throw new NoteError('not a verifier key: <name>+<key id>+<Ed25519 key>');
  }
  const keyId = keyIdOf(name, raw);
  if (keyId.toString('hex') !== id) throw new NoteError('a verifier key whose id is not its own');
  const x = raw.toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return { name, keyId, publicKey };
}

function keyIdOf(name: string, raw: Buffer): Buffer {
  const digest = createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(raw);
  return digest.digest().subarray(0, KEY_ID_BYTES);
}

function rawKeyOf(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
}
