/** What a log looked like at a size, signed (C2SP tlog-checkpoint), and the proof of one entry in it. */
import { HASH_BYTES, leafHash } from './tree.js';
import { isIncluded, type TreeHead } from './tree-proofs.js';
import {
  NoteError,
  type NoteSigner,
  type NoteVerifier,
  openNote,
  signNote,
  splitNote,
} from './note.js';

export interface Checkpoint extends TreeHead {
  readonly origin: string;
}

export function signCheckpoint({ size, root }: TreeHead, signer: NoteSigner): string {
  return signNote(`${signer.name}\n${size}\n${root.toString('base64')}\n`, signer);
}

/** Throws NoteError for what is none, or is not signed by the log itself. */
export function openCheckpoint(note: string, verifiers: readonly NoteVerifier[]): Checkpoint {
  const checkpoint = readCheckpoint(note);
  const { origin } = checkpoint;
  const ofLog = verifiers.filter(({ name }) => name === origin);
  if (ofLog.length === 0) throw new NoteError(`no key of the log "${origin}" is trusted`);
  openNote(note, ofLog);
  return checkpoint;
}

/** What it says, whoever has signed it: nothing is proven by that. Throws NoteError for what is none. */
export function readCheckpoint(note: string): Checkpoint {
  const [origin = '', size = '', root = ''] = splitNote(note).text.split('\n', 3);
  return { origin, size: countIn(size), root: hashIn(root) };
}

const PROOF = 'c2sp.org/tlog-proof@v1';
const PROOF_CHARACTERS = 256 * 1024;

export interface EntryProof {
  /** The entry itself: its hash is what is proven. */
  readonly entry: Buffer;
  readonly index: number;
  readonly hashes: readonly Buffer[];
  readonly checkpoint: string;
}

/** C2SP tlog-proof; the entry is its extra data, so that the file is complete. */
export function writeProof({ entry, index, hashes, checkpoint }: EntryProof): string {
  const lines = [PROOF, `extra ${entry.toString('base64')}`, `index ${index}`];
  for (const hash of hashes) lines.push(hash.toString('base64'));
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Throws NoteError for what is no such file. */
export function parseProof(text: string): EntryProof {
  const end = text.indexOf('\n\n');
  if (text.length > PROOF_CHARACTERS || end < 0) throw new NoteError('not the proof of an entry');
  const [first, extra = '', index = '', ...hashes] = text.slice(0, end).split('\n');
  if (first !== PROOF || !extra.startsWith('extra ') || !index.startsWith('index ')) {
    throw new NoteError('not the proof of an entry, with the entry in it');
  }
  return {
    entry: Buffer.from(extra.slice('extra '.length), 'base64'),
    index: countIn(index.slice('index '.length)),
    hashes: hashes.map(hashIn),
    checkpoint: text.slice(end + 2),
  };
}

/** The checkpoint that the entry stands in. Throws NoteError when it is not proven to stand there. */
export function checkProof(proof: EntryProof, verifiers: readonly NoteVerifier[]): Checkpoint {
  const checkpoint = openCheckpoint(proof.checkpoint, verifiers);
  const { entry, index, hashes } = proof;
  const { size, root } = checkpoint;
  if (!isIncluded({ leaf: leafHash(entry), index, size, root }, hashes)) {
    throw new NoteError('the entry does not stand there in the log');
  }
  return checkpoint;
}

function countIn(text: string): number {
  const count = Number(text);
  if (!/^(0|[1-9]\d{0,15})$/.test(text) || !Number.isSafeInteger(count)) {
    throw new NoteError('not a whole number where one must be');
  }
  return count;
}

function hashIn(text: string): Buffer {
  const hash = Buffer.from(text, 'base64');
  if (hash.length !== HASH_BYTES || hash.toString('base64') !== text) {
    throw new NoteError('not a hash where one must be');
  }
  return hash;
}
