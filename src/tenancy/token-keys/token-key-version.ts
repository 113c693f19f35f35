/** Which version of the key of access tokens does what at a moment. Pure: no clock, no database. */
import { ACCESS_TOKEN } from '../auth/access-tokens.js';

/** What others may keep of the published keys. */
export const PUBLISHED_SECONDS = 60;

/** From the making of a version to its first signature: each verifier has it by then. */
export const LEAD_MS = (PUBLISHED_SECONDS + ACCESS_TOKEN.skewSeconds + 30) * 1000;

/**
 * From the successor's first signature to the end of the version: a process whose clock is behind signs
 * with it a little longer, and that token is still taken a little after it is over.
 */
export const OVERLAP_MS = (ACCESS_TOKEN.lifetimeSeconds + 2 * ACCESS_TOKEN.skewSeconds) * 1000;

export interface TokenKeyVersion {
  /** A UUIDv7: of two that begin to sign at once, the later made is the newer. */
  readonly id: string;
  readonly kid: string;
  readonly signsFrom: Date;
  readonly verifiesUntil: Date | null;
  readonly revokedAt: Date | null;
}

export type TokenKeyState = 'coming' | 'signing' | 'verifying' | 'retired' | 'revoked';

export function doesVerify({ verifiesUntil, revokedAt }: TokenKeyVersion, now: number): boolean {
  return revokedAt === null && (verifiesUntil === null || now < verifiesUntil.getTime());
}

/**
 * The newest of those that have begun. When none has (the first was made a moment ago, by a process
 * whose clock is ahead of ours), the first to begin: nobody waits for a clock.
 */
export function signerOf<V extends TokenKeyVersion>(
  versions: readonly V[],
  now: number,
): V | undefined {
  const good = versions.filter((each) => doesVerify(each, now)).sort(byBeginning);
  return good.filter(({ signsFrom }) => signsFrom.getTime() <= now).at(-1) ?? good[0];
}

function byBeginning(a: TokenKeyVersion, b: TokenKeyVersion): number {
  return a.signsFrom.getTime() - b.signsFrom.getTime() || (a.id < b.id ? -1 : 1);
}

export function stateOf(
  version: TokenKeyVersion,
  signer: TokenKeyVersion | undefined,
  now: number,
): TokenKeyState {
  if (version.revokedAt !== null) return 'revoked';
  if (!doesVerify(version, now)) return 'retired';
  if (version.kid === signer?.kid) return 'signing';
  return version.signsFrom.getTime() > now ? 'coming' : 'verifying';
}
