import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { z } from 'zod';

/**
 * The text of refresh tokens: `tgr_<handle>_<secret>`, both random. The handle finds the session
 * and stays; the secret changes with every use. Neither is stored: only their digests are.
 */
const SHAPE = /^tgr_([0-9a-f]{32})_([0-9a-f]{64})$/;
/** What a browser keeps in its cookie instead: of the same make, and never good as the other. */
const COOKIE_SHAPE = /^tgb_([0-9a-f]{32})_([0-9a-f]{64})$/;

/** By what a session is shown: tokens that change, or a cookie that no script can read. */
export type Carrier = 'tokens' | 'cookie';

export interface RefreshToken {
  readonly handle: string;
  readonly secret: string;
}

/** How a session began, and what its person has shown since. Times in ms since the epoch. */
export const signInFacts = z.object({
  method: z.enum(['password', 'passkey', 'oidc']),
  /** The identity provider that vouched for the person; null: we did. */
  providerId: z.string().nullable(),
  /** Whose provider that is. Beside a provider it says how far its word goes; absent: no further than its tenant. */
  providerTenantId: z.string().nullable().optional(),
  signedInAt: z.number(),
  /** The last proof that it is they: the second factor of who has one, else the password. */
  provedAt: z.number().nullable(),
  /** Whether a second factor was among what was shown. */
  hasFactor: z.boolean(),
  /** Cut to what a person recognises; shown in the list of their sessions. */
  client: z.string().nullable(),
  /** From which network, for the same list; of older sessions nobody knows. */
  network: z.string().nullable().optional(),
});

export type SignInFacts = z.infer<typeof signInFacts>;

/** Of who has just shown all that was asked of them: a password, and a second factor if they have one. */
export function passwordSignIn(
  now: number,
  client: string | null = null,
  network: string | null = null,
  hasFactor = false,
): SignInFacts {
  return {
    method: 'password',
    providerId: null,
    signedInAt: now,
    provedAt: now,
    hasFactor,
    client,
    network,
  };
}

/** Of who has just shown a passkey that has verified them: two factors in one. */
export function passkeySignIn(
  now: number,
  client: string | null,
  network: string | null,
): SignInFacts {
  return { ...passwordSignIn(now, client, network, true), method: 'passkey' };
}

/** What the session's row holds of its tokens, and of its beginning. */
export const refreshState = z.object({
  signIn: signInFacts,
  /** Absent: of a session by tokens. */
  carrier: z.enum(['tokens', 'cookie']).optional(),
  currentDigest: z.string(),
  previousDigest: z.string().nullable(),
  /** The current secret, readable only with the previous one: see sealFor. */
  sealedCurrent: z.string().nullable(),
  rotatedAt: z.number(),
});

export type RefreshState = z.infer<typeof refreshState>;

export type Presented = 'current' | 'previous' | 'reused';

export function newHandle(): string {
  return randomBytes(16).toString('hex');
}

export function newSecret(): string {
  return randomBytes(32).toString('hex');
}

export function refreshTokenText({ handle, secret }: RefreshToken): string {
  return `tgr_${handle}_${secret}`;
}

export function parseRefreshToken(text: string): RefreshToken | null {
  return parsed(text, SHAPE);
}

export function cookieText({ handle, secret }: RefreshToken): string {
  return `tgb_${handle}_${secret}`;
}

export function parseCookieText(text: string): RefreshToken | null {
  return parsed(text, COOKIE_SHAPE);
}

function parsed(text: string, shape: RegExp): RefreshToken | null {
  const match = shape.exec(text);
  return match ? { handle: match[1]!, secret: match[2]! } : null;
}

/** The key of the session's row; also the session's id, from which the handle cannot be found. */
export function sessionIdOf(handle: string): string {
  return sha256(`tidegate:session:v1\n${handle}`);
}

export function secretDigest(secret: string): string {
  return sha256(`tidegate:refresh-secret:v1\n${secret}`);
}

export function cookieDigest(secret: string): string {
  return sha256(`tidegate:browser-secret:v1\n${secret}`);
}

/** A token of the session that is neither the newest nor the one just before has been copied. */
export function judgeSecret(
  state: Pick<RefreshState, 'currentDigest' | 'previousDigest'>,
  secret: string,
): Presented {
  const digest = secretDigest(secret);
  if (isSameDigest(digest, state.currentDigest)) return 'current';
  if (state.previousDigest !== null && isSameDigest(digest, state.previousDigest))
    return 'previous';
  return 'reused';
}

/**
 * Encrypts the successor with the secret that it follows, so that a client whose answer was lost
 * gets the same successor again for a few seconds, and the database alone reveals neither.
 */
export function sealFor(secret: string, successor: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealKey(secret), iv);
  const sealed = Buffer.concat([cipher.update(successor, 'hex'), cipher.final()]);
  return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString('base64url');
}

export function unsealWith(secret: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', sealKey(secret), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString(
    'hex',
  );
}

function sealKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'tidegate:refresh-successor:v1', 32));
}

/** In constant time. */
export function isSameDigest(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
