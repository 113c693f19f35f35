import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';

/** Enough that no two of ours ever meet; shorter, since an account keeps some twenty. */
const HEX_CHARACTERS = 40;

/**
 * Digests that only this installation can make. Names and addresses are few enough to be guessed
 * from a plain hash, and people type passwords into the name field.
 */
export class PrivateDigest {
  private constructor(private readonly key: Buffer) {}

  /** From a private key of the installation; with another one all earlier digests mean nothing. */
  static fromKey(key: KeyObject): PrivateDigest {
    const secret = key.export({ type: 'pkcs8', format: 'der' });
    return new PrivateDigest(Buffer.from(hkdfSync('sha256', secret, '', 'tidegate:digest:v1', 32)));
  }

  /** JSON keeps parts apart that would run into each other. */
  of(...parts: readonly string[]): string {
    const text = JSON.stringify(parts);
    return createHmac('sha256', this.key).update(text).digest('hex').slice(0, HEX_CHARACTERS);
  }
}
