import { z } from 'zod';
import { messageOf } from '../../kernel/errors.js';
import { parseStrictJson } from '../../platform/http/strict-json.js';
import { EXCHANGE } from './exchange-limits.js';
import { type RefusalReason, subjectTokenMalformed } from './federated-identities.errors.js';
import type { Claims } from './federated-identity.js';

/** Asymmetric ones alone: with a shared secret whoever verifies could sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/**
 * The header is closed: with no room for `jwk`, `jku`, `x5u`, `x5c` or `crit` a token cannot bring or point
 * to a key of its own, nor ask for what we do not know. Thumbprints of certificates (GitHub) say nothing.
 */
const header = z.strictObject({
  alg: z.enum(ALGORITHMS),
  kid: z.string().min(1).max(EXCHANGE.idCharacters),
  typ: z.string().max(40).optional(),
  x5t: z.string().max(200).optional(),
  'x5t#S256': z.string().max(200).optional(),
});

const claims = z.looseObject({
  iss: z.string().min(1).max(2_048),
  // Of several audiences each could show it to the others.
  aud: z.union([z.string(), z.tuple([z.string()]).transform(([only]) => only)]),
  exp: z.int().positive(),
  iat: z.int().positive(),
  nbf: z.int().positive().optional(),
  jti: z.string().max(2_048).optional(),
  sub: z.string().max(2_048).optional(),
});

export interface SubjectToken {
  readonly text: string;
  readonly header: z.output<typeof header>;
  readonly claims: z.output<typeof claims> & Claims;
}

const PART = /^[\w-]+$/;

/** Reads a token without believing it. Throws `subject-token-malformed`. */
export function readSubjectToken(text: string): SubjectToken {
  if (text.length > EXCHANGE.tokenCharacters) throw subjectTokenMalformed('it is too long');
  const parts = text.split('.');
  const [head = '', body = ''] = parts;
  if (parts.length !== 3 || !parts.every((part) => PART.test(part))) {
    throw subjectTokenMalformed('it is not three parts of base64url with dots between them');
  }
  return {
    text,
    header: partOf('header', head, header),
    claims: partOf('payload', body, claims),
  };
}

function partOf<T>(part: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    const shape = { depth: EXCHANGE.depth, members: EXCHANGE.claims };
    value = parseStrictJson(Buffer.from(text, 'base64url'), shape);
  } catch (error) {
    throw subjectTokenMalformed(`its ${part}: ${inLowerCase(messageOf(error))}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
  throw subjectTokenMalformed(`its ${part} has an unacceptable "${String(what).slice(0, 80)}"`);
}

function inLowerCase(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`.replace(/\.$/, '');
}

export interface Check {
  readonly check: RefusalReason;
  readonly isPassed: boolean;
  readonly detail: string;
}

/** Whether it is for us: the one audience of that issuer, exactly. */
export function checkAudience({ claims: { aud } }: SubjectToken, audience: string): Check {
  const isPassed = aud === audience;
  const detail = isPassed
    ? `It is for ${audience}.`
    : 'It is for another audience than the one that belongs to its issuer here. Ask the runner for a token with the audience of the federated identity.';
  return { check: 'audience', isPassed, detail };
}

/** Its times, with what two clocks may differ by. `now` and all others in seconds. */
export function checkTimes({ claims }: SubjectToken, now: number, mostSeconds: number): Check {
  const { exp, iat, nbf = iat } = claims;
  const { skewSeconds } = EXCHANGE;
  const failed = (detail: string): Check => ({ check: 'times', isPassed: false, detail });
  if (exp <= now - skewSeconds) return failed(`It expired ${Math.round(now - exp)} s ago.`);
  if (Math.max(nbf, iat) > now + skewSeconds) {
    return failed(
      `It is not valid for another ${Math.round(Math.max(nbf, iat) - now)} s: compare the clocks.`,
    );
  }
  if (exp - iat > mostSeconds) {
    return failed(
      `It lives for ${exp - iat} s, and a token of such an issuer may live for ${mostSeconds} s at most. Give the job a shorter timeout.`,
    );
  }
  return {
    check: 'times',
    isPassed: true,
    detail: `It is good for ${Math.round(exp - now)} s more.`,
  };
}

/** What makes it good for one use. */
export function checkTokenId({ claims: { jti = '' } }: SubjectToken): Check {
  const isPassed = jti !== '' && jti.length <= EXCHANGE.idCharacters;
  const detail = isPassed
    ? 'It has an id, so it can be used once.'
    : 'It has no id (`jti`) of at most 256 characters, so nobody could tell whether it was used before.';
  return { check: 'token-id', isPassed, detail };
}

/** Of GitHub since 2026: `repo:acme@123/shop@456:ref:refs/heads/main`. Names have no `@`. */
const SUBJECT_WITH_IDS = /^repo:[^:/@]+@(\d+)\/[^:/@]+@(\d+)(?::|$)/;

/** A subject is never compared with a rule; one that contradicts its own claims is not believed. */
export function checkSubject({ claims }: SubjectToken): Check {
  const [, ownerId, repositoryId] = SUBJECT_WITH_IDS.exec(claims.sub ?? '') ?? [];
  const isPassed =
    ownerId === undefined ||
    (String(claims['repository_owner_id']) === ownerId &&
      String(claims['repository_id']) === repositoryId);
  const detail = isPassed
    ? 'Its subject does not contradict its claims.'
    : 'Its subject names other ids than its claims repository_owner_id and repository_id.';
  return { check: 'subject', isPassed, detail };
}
