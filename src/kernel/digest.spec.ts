import { createHash } from 'node:crypto';
import { digestOf, digestOfBytes, digestOfText, DIGEST_PATTERN } from './digest.js';

describe('digests', () => {
  it('hash the type, a newline and the canonical text', () => {
    const { digest, text } = digestOf('plan', { b: 1, a: 'x' });
    expect(text).toBe('{"a":"x","b":1}');
    const byHand = createHash('sha256').update('tidegate:plan:v1\n{"a":"x","b":1}').digest('hex');
    expect(digest).toBe(`sha256:${byHand}`);
    expect(digest).toMatch(DIGEST_PATTERN);
  });

  it('keep documents of two types apart, whatever their text', () => {
    expect(digestOf('plan', {}).digest).not.toBe(digestOf('subject', {}).digest);
  });

  it('are of the stored text: hashing it again gives the same', () => {
    const { digest, text } = digestOf('release', { name: 'Ünïcode €' });
    expect(digestOfText('release', text)).toBe(digest);
  });

  it('of bytes are plain sha256', () => {
    expect(digestOfBytes(Buffer.alloc(0))).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });
});
