import { generateKeyPairSync, sign } from 'node:crypto';
import {
  checkProof,
  openCheckpoint,
  parseProof,
  signCheckpoint,
  writeProof,
} from './checkpoint.js';
import { NoteError, openNote, parseVerifierKey, signNote, verifierKeyOf } from './note.js';
import { leafHash, TreeEdge } from './tree.js';
import { inclusionProof } from './tree-proofs.js';

const NAME = 'tidegate/0197';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const verifier = parseVerifierKey(verifierKeyOf(NAME, publicKey));
const signer = { name: NAME, privateKey };

describe('a signed note', () => {
  const note = signNote('first line\nsecond line\n', signer);

  it('is read with its key', () => {
    expect(openNote(note, [verifier])).toBe('first line\nsecond line\n');
  });

  // From the documentation of golang.org/x/mod/sumdb/note.
  it('is read as other tools have written it', () => {
    const key = parseVerifierKey(
      'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    );
    const text =
      'If you think cryptography is the answer to your problem,\n' +
      "then you don't know what your problem is.\n";
    const signed = `${text}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
    expect(openNote(signed, [key])).toBe(text);
  });

  it('may have signatures of others', () => {
    const others = `\u2014 witness.example ${Buffer.alloc(76, 7).toString('base64')}\n`;
    expect(openNote(note + others, [verifier])).toContain('first line');
    const sameName = `\u2014 ${NAME} ${Buffer.alloc(68, 7).toString('base64')}\n`;
    expect(openNote(sameName.length ? note + sameName : note, [verifier])).toContain('first line');
  });

  it.each([
    ['of nobody', 'text\n'],
    ['whose text was changed', note.replace('first', 'First')],
    ['whose signature was cut', `${note.slice(0, -10)}\n`],
    ['without the end of its last line', note.slice(0, -1)],
    ['of a key that is not trusted', signNote('text\n', { ...signer, name: 'other' })],
    ['with a control character', signNote('te\u0007xt\n', signer)],
  ])('is refused: %s', (_what, text) => {
    expect(() => openNote(text, [verifier])).toThrow(NoteError);
  });

  it('refuses a wrong signature of a known key beside a right one', () => {
    const wrong = Buffer.concat([verifier.keyId, sign(null, Buffer.from('another'), privateKey)]);
    const line = `\u2014 ${NAME} ${wrong.toString('base64')}\n`;
    expect(() => openNote(note + line, [verifier])).toThrow(/wrong/);
  });

  it.each(['', 'name', `${NAME}+00000000+${verifierKeyOf(NAME, publicKey).split('+')[2]}`])(
    'has no key like %p',
    (text) => expect(() => parseVerifierKey(text)).toThrow(NoteError),
  );
});

describe('a checkpoint and the proof of an entry', () => {
  const entries = ['one', 'two', 'three'].map((text) => Buffer.from(text));
  const leaves = entries.map(leafHash);
  const edge = TreeEdge.empty();
  for (const leaf of leaves) edge.append(leaf);
  const checkpoint = signCheckpoint({ size: 3, root: edge.root() }, signer);
  const proofOf = async (index: number) =>
    writeProof({
      entry: entries[index]!,
      index,
      hashes: await inclusionProof(
        async (_level, from, n) => leaves.slice(from, from + n),
        index,
        3,
      ),
      checkpoint,
    });

  it('are read as they were written', async () => {
    expect(openCheckpoint(checkpoint, [verifier])).toEqual({
      origin: NAME,
      size: 3,
      root: edge.root(),
    });
    const proof = parseProof(await proofOf(1));
    expect(proof.entry.toString()).toBe('two');
    expect(checkProof(proof, [verifier]).size).toBe(3);
  });

  it('are of one log: the key of another one does not do', () => {
    const other = parseVerifierKey(verifierKeyOf('tidegate/0198', publicKey));
    expect(() => openCheckpoint(checkpoint, [other])).toThrow(/no key of the log/);
  });

  it('show what was changed', async () => {
    const text = await proofOf(2);
    const changed = parseProof(text.replace(/^extra .*$/m, `extra ${btoa('four')}`));
    expect(() => checkProof(changed, [verifier])).toThrow(/does not stand there/);
    const moved = parseProof(text.replace(/^index 2$/m, 'index 1'));
    expect(() => checkProof(moved, [verifier])).toThrow(NoteError);
    const larger = parseProof(text.replace('\n3\n', '\n4\n'));
    expect(() => checkProof(larger, [verifier])).toThrow(/signature/);
  });

  it.each([
    '',
    'c2sp.org/tlog-proof@v1\n\n',
    'c2sp.org/tlog-proof@v1\nextra AA==\nindex 01\n\nx\n',
  ])('are not to be had of %p', (text) => expect(() => parseProof(text)).toThrow(NoteError));
});
