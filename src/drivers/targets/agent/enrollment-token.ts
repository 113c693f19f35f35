import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits behind a prefix that secret scanners can look for. Only the hash is stored. */
const PREFIX = 'tge_';

export function newEnrollmentToken(): { token: string; hash: string } {
  const token = PREFIX + randomBytes(32).toString('base64url');
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
