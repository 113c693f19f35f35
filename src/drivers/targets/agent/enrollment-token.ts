import { createHash, randomBytes } from 'node:crypto';
import { type TokenPlace, withPlace } from '../../../agent/protocol/token-place.js';

/** 256 random bits behind a prefix that secret scanners can look for. Only the hash is stored. */
const PREFIX = 'tge_';

export function newEnrollmentToken(place: TokenPlace): { token: string; hash: string } {
  const token = withPlace(PREFIX + randomBytes(32).toString('base64url'), place);
  return { token, hash: enrollmentTokenHash(token) };
}

export function enrollmentTokenHash(token: string): string {
  return createHash('sha256').update('tidegate:enrollment-token:v1\n').update(token).digest('hex');
}

/** What a token allows, kept in `credentials.data`. */
export interface EnrollmentGrant {
  readonly clusterId: string;
  /** Only a node of this name may use it; null: any name. */
  readonly name: string | null;
  /** Set when it was used. */
  readonly nodeId?: string;
}
