import { Inject, Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { uuid } from '../../kernel/text.js';
import { CLOCK } from '../../platform/clock.js';
import { Config } from '../../platform/config/config.js';
import { TokenSigner } from '../token-keys/token-signer.js';

/** What every access token says of itself; another `typ` or audience is another kind of token. */
export const ACCESS_TOKEN = {
  issuer: 'tidegate',
  audience: 'tidegate-api',
  type: 'at+jwt',
  algorithm: 'ES256',
  /** The longest that any token of ours lives. */
  lifetimeSeconds: 15 * 60,
  /** How far two clocks of ours may be apart. */
  skewSeconds: 30,
  characters: 4096,
} as const;

/** `tid` and `tenant` name the one tenant; `sid` the session, which ends with a logout. */
export const accessTokenClaims = z.object({
  sub: uuid,
  username: z.string(),
  tid: uuid,
  tenant: z.string(),
  sid: z.string().regex(/^[0-9a-f]{64}$/),
  iat: z.number(),
  nbf: z.number(),
  exp: z.number(),
  jti: uuid,
});

export type AccessTokenClaims = z.infer<typeof accessTokenClaims>;

export interface AccessTokenSubject {
  readonly userId: string;
  readonly username: string;
  readonly tenantId: string;
  readonly tenantSlug: string;
  readonly sessionId: string;
}

/** Signs access tokens. What their bearer may do is not in them: that is asked at each request. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly signer: TokenSigner,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  get lifetimeSeconds(): number {
    const configured = Math.floor(this.config.accessTokenMs / 1000);
    return Math.min(configured, ACCESS_TOKEN.lifetimeSeconds);
  }

  async issue(subject: AccessTokenSubject): Promise<string> {
    const { kid, privateKey } = await this.signer.signing();
    const now = Math.floor(this.clock.now() / 1000);
    return new SignJWT({
      username: subject.username,
      tid: subject.tenantId,
      tenant: subject.tenantSlug,
      sid: subject.sessionId,
    })
      .setProtectedHeader({ alg: ACCESS_TOKEN.algorithm, typ: ACCESS_TOKEN.type, kid })
      .setSubject(subject.userId)
      .setIssuer(ACCESS_TOKEN.issuer)
      .setAudience(ACCESS_TOKEN.audience)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + this.lifetimeSeconds)
      .setJti(newId(this.clock.now()))
      .sign(privateKey);
  }
}
