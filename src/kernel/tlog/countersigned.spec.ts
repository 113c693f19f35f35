import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { countersignedBy } from './countersigned.js';
import { openNote, parseVerifierKey, signNote, verifierKeyOf } from './note.js';

const keys = (name: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    sign: (text: string) => signNote(text, { name, privateKey }),
    verifier: parseVerifierKey(verifierKeyOf(name, publicKey)),
  };
};
const log = keys('log');
const witness = keys('witness');
const text = 'log\n7\nAAAA\n';
const note = log.sign(text);
/** Without the text that it is about. */
const line = witness.sign(text).slice(text.length + 1);

describe('what a witness answers', () => {
  it('is kept with the log’s own signature, whether it is a note or its lines alone', () => {
    for (const answer of [note + line, line, `${text}\n${line}${note.slice(text.length + 1)}`]) {
      const kept = countersignedBy(answer, note)!;
      expect(kept).toBe(note + line);
      for (const each of [log, witness]) expect(openNote(kept, [each.verifier])).toBe(text);
    }
  });

  it.each([
    ['nothing', ''],
    ['thanks', 'thanks\n'],
    ['the same again', note],
    ['a note without the log’s signature', `${text}\n${line}`],
    ['a note of another size', log.sign('log\n8\nAAAA\n') + line],
    ['lines that are none', '\u2014 witness\n'],
    [
      'too many of them',
      line + [...'abcdefghijklmnopqrstu'].map((x) => line.replace('witness', x)).join(''),
    ],
    ['a line that would be two', `${line.trimEnd()}\u0001\n`],
  ])('is not kept when it is %s', (_what, answer) => {
    expect(countersignedBy(answer, note)).toBeNull();
  });
});
