/**
 * A sign-in under way. All of it stands sealed in a cookie of the browser that has begun it, so that
 * beginning writes nothing, and nobody else's browser can end it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { text, uuid } from '../../kernel/text.js';
import { type Sealer, UnsealError } from '../../platform/sealing/sealer.js';

/** `link`: to the account of who is signed in; `prove`: that it is still they. */
export const PURPOSES = ['sign-in', 'link', 'prove'] as const;

/** What somebody asks for. */
export const signInRequest = z.object({
  purpose: z.enum(PURPOSES),
  providerId: uuid,
  redirect: z.string(),
  /** S256 of what only the client knows that will ask for the tokens. */
  challenge: z.string(),
  /** Whose session asks; null: nobody is signed in yet. */
  userId: z.string().nullable(),
  sessionId: z.string().nullable(),
  /** In ms since the epoch. */
  until: z.number(),
});

export const signInFlow = signInRequest.extend({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  startedAt: z.number(),
});

export type SignInRequest = z.infer<typeof signInRequest>;
export type SignInFlow = z.infer<typeof signInFlow>;

export const pkceChallenge = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'must be the SHA-256 of the verifier in base64url')
  .meta({ description: 'S256 of a random verifier, which the client shows with the code.' });
export const pkceVerifier = z.string().regex(/^[A-Za-z0-9._~-]{43,128}$/, 'must be a verifier');
export const redirectTarget = text(limits.signInRedirectCharacters).min(1).meta({
  description:
    'Where to come back to: a path of this server, or http://127.0.0.1:PORT/… of a program on the same machine.',
});

const FLOW = 'sign-in-flow';
const TICKET = 'sign-in-ticket';

export const sealFlow = (sealer: Sealer, flow: SignInFlow) =>
  sealer.seal(JSON.stringify(flow), FLOW);
export const sealTicket = (sealer: Sealer, request: SignInRequest) =>
  sealer.seal(JSON.stringify(request), TICKET);

/** Null: it is none of ours, or over. */
export const openFlow = (sealer: Sealer, sealed: string, now: number) =>
  opened(sealer, { sealed, context: FLOW, schema: signInFlow, now });
export const openTicket = (sealer: Sealer, sealed: string, now: number) =>
  opened(sealer, { sealed, context: TICKET, schema: signInRequest, now });

interface Opening<T> {
  readonly sealed: string;
  readonly context: string;
  readonly schema: z.ZodType<T>;
  readonly now: number;
}

function opened<T extends { readonly until: number }>(
  sealer: Sealer,
  { sealed, context, schema, now }: Opening<T>,
): T | null {
  try {
    const found = schema.parse(JSON.parse(sealer.unseal(sealed, context).toString('utf8')));
    return found.until > now ? found : null;
  } catch (error) {
    if (error instanceof UnsealError) return null;
    throw error;
  }
}

export function randomText(): string {
  return randomBytes(32).toString('base64url');
}

export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

export function isVerifierOf(challenge: string, verifier: string): boolean {
  return timingSafeEqual(Buffer.from(challengeOf(verifier)), Buffer.from(challenge));
}

/** What is stored of a state or a code. */
export function hashOf(kind: 'state' | 'code', secret: string): string {
  return createHash('sha256').update(`tidegate:sign-in-${kind}:v1\n${secret}`).digest('hex');
}

/** One for each sign-in, so that two tabs do not take it from each other. */
export function cookieName(state: string): string {
  return `tidegate_sign_in_${hashOf('state', state).slice(0, 16)}`;
}

/** Where people may be sent with a code: nowhere that a stranger could listen. */
export function isOwnRedirect(redirect: string): boolean {
  if (/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(redirect) && !redirect.includes('#')) return true;
  if (!/^http:\/\/(127\.0\.0\.1|\[::1\]):\d{2,5}\/[\x21-\x7e]*$/.test(redirect)) return false;
  if (redirect.includes('#') || redirect.includes('\\') || !URL.canParse(redirect)) return false;
  const { hostname, username, password } = new URL(redirect);
  const isHere = hostname === '127.0.0.1' || hostname === '[::1]';
  return isHere && username === '' && password === '';
}

/** The same address with more in its query. */
export function withQuery(redirect: string, more: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(more).toString();
  return `${redirect}${redirect.includes('?') ? '&' : '?'}${query}`;
}
