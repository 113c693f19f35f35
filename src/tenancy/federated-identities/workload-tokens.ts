import { Inject, Injectable } from '@nestjs/common';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/ids.js';
import { PERMISSIONS, type Permission } from '../../kernel/permission.js';
import { uuid } from '../../kernel/text.js';
import { CLOCK } from '../../platform/clock.js';
import { ACCESS_TOKEN } from '../auth/access-tokens.js';
import { AccessTokenKeys } from '../token-keys/access-token-keys.js';
import { TokenSigner } from '../token-keys/token-signer.js';

export const WORKLOAD_TOKEN = {
  /** Other than people’s: neither is ever taken for the other. */
  type: 'ci+jwt',
  lifetimeSeconds: 15 * 60,
  /** A set with 40 modules and 20 environments, and what is told of a job. */
  characters: 12_000,
} as const;

/** Closed, as that of people’s tokens is, and for the same reason. */
const header = z.strictObject({
  alg: z.literal(ACCESS_TOKEN.algorithm),
  typ: z.literal(WORKLOAD_TOKEN.type),
  kid: z.string().max(128),
});

const known = new Set<string>(PERMISSIONS);

const claims = z.object({
  /** The federated identity. */
  sub: uuid,
  name: z.string(),
  tid: uuid,
  tenant: z.string(),
  rule: z.string(),
  /** Which rules of the identity it has met: others, and it is over. */
  rulesVersion: z.int().default(1),
  /** What an older or newer version knows and this one does not is no permission here. */
  permissions: z
    .array(z.string())
    .transform((names) => names.filter((name): name is Permission => known.has(name))),
  modules: z.array(z.string()).nullable(),
  environments: z.array(z.string()).nullable(),
  /** What the job’s own token said of it. */
  job: z.record(z.string(), z.union([z.string(), z.boolean(), z.number()])),
  /** When the token is over for which the first of these was given. */
  parentExp: z.number(),
  iat: z.number(),
  nbf: z.number(),
  exp: z.number(),
  jti: uuid,
});

export type WorkloadClaims = z.output<typeof claims>;
export type WorkloadSubject = Omit<WorkloadClaims, 'iat' | 'nbf' | 'exp' | 'jti'>;

export interface IssuedToken {
  readonly token: string;
  readonly expiresIn: number;
}

/** Signs and checks the tokens that pipelines get, by the keys of all access tokens. */
@Injectable()
export class WorkloadTokens {
  constructor(
    private readonly keys: AccessTokenKeys,
    private readonly signer: TokenSigner,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** By its header alone. */
  recognises(token: string): boolean {
    return headerOf(token) !== null;
  }

  /** As long as it may live, and never beyond its parent. Undefined: the parent is over. */
  async issue(subject: WorkloadSubject, tokenId: string): Promise<IssuedToken | undefined> {
    const now = Math.floor(this.clock.now() / 1000);
    const exp = Math.min(now + WORKLOAD_TOKEN.lifetimeSeconds, subject.parentExp);
    if (exp <= now) return undefined;
    const { sub, ...rest } = subject;
    const { kid, privateKey } = await this.signer.signing();
    const token = await new SignJWT({ ...rest })
      .setProtectedHeader({ alg: ACCESS_TOKEN.algorithm, typ: WORKLOAD_TOKEN.type, kid })
      .setSubject(sub)
      .setIssuer(ACCESS_TOKEN.issuer)
      .setAudience(ACCESS_TOKEN.audience)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(exp)
      .setJti(tokenId)
      .sign(privateKey);
    return { token, expiresIn: exp - now };
  }

  newTokenId(): string {
    return newId(this.clock.now());
  }

  /** Form, key, signature and times. Null: it is not good. Rejects only when something broke. */
  async check(token: string): Promise<WorkloadClaims | null> {
    const head = headerOf(token);
    const key = head && (await this.keys.verifyingKey(head.kid));
    if (!key) return null;
    const payload = await jwtVerify(token, key, {
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: ACCESS_TOKEN.audience,
      currentDate: new Date(this.clock.now()),
      clockTolerance: ACCESS_TOKEN.skewSeconds,
    }).then(
      (verified) => verified.payload,
      () => null,
    );
    const parsed = claims.safeParse(payload);
    if (!parsed.success) return null;
    // To the second: with what clocks may differ by it would outlive its parent.
    const { exp, nbf } = parsed.data;
    const isTimely = this.clock.now() < exp * 1000 && exp - nbf <= WORKLOAD_TOKEN.lifetimeSeconds;
    return isTimely ? parsed.data : null;
  }
}

function headerOf(token: string): z.output<typeof header> | null {
  if (token.length > WORKLOAD_TOKEN.characters) return null;
  try {
    const text = Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8');
    return header.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
