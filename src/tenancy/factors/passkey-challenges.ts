import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { PrivateDigest } from '../auth/private-digest.js';

const LIFETIME_MS = 5 * 60_000;
const RANDOM_BYTES = 16;
const TIME_BYTES = 6;
const SEAL_BYTES = 20;

/** What an answer is for; of whose session, but at sign-in, where nobody has one. */
export type ChallengePurpose =
  { readonly kind: 'sign-in' } | { readonly kind: 'enrol' | 'step-up'; readonly sessionId: string };

export interface ReadChallenge {
  readonly digest: string;
  readonly expiresAt: Date;
}

/**
 * Challenges say themselves until when they are good and carry our seal for one purpose, so that
 * strangers who ask for thousands fill no table. That one was answered is what is written down.
 */
@Injectable()
export class PasskeyChallenges {
  constructor(
    private readonly digest: PrivateDigest,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  make(purpose: ChallengePurpose): Uint8Array<ArrayBuffer> {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUIntBE(this.clock.now() + LIFETIME_MS, 0, TIME_BYTES);
    const open = Buffer.concat([randomBytes(RANDOM_BYTES), time]);
    return Uint8Array.from(Buffer.concat([open, this.seal(open, purpose)]));
  }

  /** Null: it is none of ours, for something else, or over. */
  read(text: string, purpose: ChallengePurpose): ReadChallenge | null {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length !== RANDOM_BYTES + TIME_BYTES + SEAL_BYTES) return null;
    const open = bytes.subarray(0, RANDOM_BYTES + TIME_BYTES);
    const seal = this.seal(open, purpose);
    if (!timingSafeEqual(bytes.subarray(open.length), seal)) return null;
    const expiresAt = open.readUIntBE(RANDOM_BYTES, TIME_BYTES);
    if (expiresAt <= this.clock.now()) return null;
    return {
      digest: this.digest.of('challenge', open.toString('hex')),
      expiresAt: new Date(expiresAt),
    };
  }

  private seal(open: Buffer, purpose: ChallengePurpose): Buffer {
    const of = 'sessionId' in purpose ? purpose.sessionId : '';
    const seal = this.digest.of('challenge-seal', purpose.kind, of, open.toString('hex'));
    return Buffer.from(seal, 'hex').subarray(0, SEAL_BYTES);
  }
}
