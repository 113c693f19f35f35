import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { CLOCK } from '../../platform/clock.js';
import { AccessTokenKeys } from './access-token-keys.js';
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
    keys: AccessTokenKeys,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    const options: StrategyOptionsWithoutRequest = {
      jwtFromRequest: (request: unknown) => (request as TokenCarrier).accessToken,
      // KeyObjects: given a text, the library would try to parse it anew at every request.
      secretOrKeyProvider: (_request, token, done) => {
        const header = headerOf(String(token));
        const key = header && keys.verifyingKey(header.kid);
        if (key) done(null, key as never);
        else done(new Error('unknown key or unacceptable header'));
      },
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: ACCESS_TOKEN.audience,
      jsonWebTokenOptions: { clockTolerance: ACCESS_TOKEN.skewSeconds },
    };
    super(options);
  }

  /** Called by passport-jwt after the signature was right. False refuses. */
  validate(payload: unknown): AccessTokenClaims | false {
    const parsed = accessTokenClaims.safeParse(payload);
    if (!parsed.success) return false;
    // The library goes by the machine's clock; this goes by ours, and caps what a key may have signed.
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
      attempt.fail = () => resolve(null);
      attempt.error = (error: unknown) =>
        reject(error instanceof Error ? error : new Error(String(error)));
      const carrier: TokenCarrier = { accessToken };
      attempt.authenticate(carrier as never);
    });
  }

  /**
   * Passport's registry is one per process: two applications in it (tests, an API beside a worker)
   * would verify with the keys of whichever came last. This strategy is called directly.
   */
  getPassportInstance() {
    return { use: () => undefined };
  }
}

function headerOf(token: string): z.infer<typeof tokenHeader> | null {
  try {
    const text = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8');
    return tokenHeader.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
