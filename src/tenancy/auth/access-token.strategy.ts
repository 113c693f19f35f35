import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { AccessTokenKeys } from '../token-keys/access-token-keys.js';
import { ACCESS_TOKEN, accessTokenClaims, type AccessTokenClaims } from './access-tokens.js';

/**
 * The header is closed: with no room for `crit`, `jwk`, `jku`, `x5u` or `x5c` a token cannot bring
 * or point to a key of its own.
 */
const tokenHeader = z.strictObject({
  alg: z.literal(ACCESS_TOKEN.algorithm),
  typ: z.literal(ACCESS_TOKEN.type),
  kid: z.string().max(128),
});

/** What passport-jwt reads the token from; the guard and the socket gateway both make one. */
export interface TokenCarrier {
  readonly accessToken: string;
}

/**
 * Checks an access token alone: its form, key, signature, times, issuer and audience. Whether its
 * bearer may still do anything is the authenticator's question.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') {
  constructor(
    private readonly keys: AccessTokenKeys,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    const options: StrategyOptionsWithoutRequest = {
      jwtFromRequest: (request: unknown) => (request as TokenCarrier).accessToken,
      // KeyObjects: given a text, the library would try to parse it anew at every request.
      secretOrKeyProvider: (_request, token, done) => {
        verifyingKeyOf(keys, String(token)).then(
          (key) => (key ? done(null, key as never) : done(UNACCEPTABLE)),
          (error: unknown) => done(new BrokenCheck(error)),
        );
      },
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: ACCESS_TOKEN.audience,
      // By the machine's clock; validate() goes by ours.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
    };
    super(options);
  }

  /** Called by passport-jwt after the signature was right. False refuses. */
  validate(payload: unknown): AccessTokenClaims | false {
    const parsed = accessTokenClaims.safeParse(payload);
    if (!parsed.success) return false;
    // The cap is for what a key may have signed that it never should have.
    const now = this.clock.now() / 1000;
    const { exp, nbf } = parsed.data;
    const isTimely = now < exp + ACCESS_TOKEN.skewSeconds && nbf <= now + ACCESS_TOKEN.skewSeconds;
    return isTimely && exp - nbf <= ACCESS_TOKEN.lifetimeSeconds ? parsed.data : false;
  }

  /** The claims of a good token, null for any other. Rejects only when something broke. */
  check(accessToken: string): Promise<AccessTokenClaims | null> {
    if (accessToken.length > ACCESS_TOKEN.characters) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      // As passport itself does: one object per attempt, with the strategy as its prototype.
      const attempt = Object.create(this) as AccessTokenStrategy;
      attempt.success = (claims: unknown) => resolve(claims as AccessTokenClaims);
      attempt.fail = (why: unknown) =>
        why instanceof BrokenCheck ? reject(why.broken) : resolve(null);
      attempt.error = (error: unknown) =>
        reject(error instanceof Error ? error : new Error(String(error)));
      const carrier: TokenCarrier = { accessToken };
      attempt.authenticate(carrier as never);
    });
  }

  /** For a token that was checked before: its time, and whether its key was revoked since. */
  async isStillGood(accessToken: string, claims: AccessTokenClaims): Promise<boolean> {
    if (!this.validate(claims)) return false;
    return (await verifyingKeyOf(this.keys, accessToken)) !== undefined;
  }

  /**
   * Passport's registry is one per process: two applications in it (tests, an API beside a worker)
   * would verify with the keys of whichever came last. This strategy is called directly.
   */
  getPassportInstance() {
    return { use: () => undefined };
  }
}

/** The library takes whatever is wrong with a key for a bad token; one that nobody could look up is none. */
class BrokenCheck extends Error {
  readonly broken: Error;

  constructor(cause: unknown) {
    super('the key of a token could not be looked up', { cause });
    this.broken = cause instanceof Error ? cause : this;
  }
}

const UNACCEPTABLE = new Error('unknown key or unacceptable header');

async function verifyingKeyOf(
  keys: AccessTokenKeys,
  token: string,
): Promise<KeyObject | undefined> {
  const header = headerOf(token);
  return header ? keys.verifyingKey(header.kid) : undefined;
}

function headerOf(token: string): z.infer<typeof tokenHeader> | null {
  try {
    const text = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8');
    return tokenHeader.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
