import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

export interface PublishedKey extends PublicJwk {
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/**
 * The keys of access tokens: one that signs and, during a rotation, older ones that still verify.
 * A fixed map made at start: a `kid` is only ever looked up here, never fetched or opened as a path.
 */
export class AccessTokenKeys {
  readonly kid: string;
  private readonly verifying = new Map<string, KeyObject>();

  private constructor(
    readonly signing: KeyObject,
    formerKeys: readonly KeyObject[],
  ) {
    const publicKey = createPublicKey(signing);
    this.kid = thumbprint(publicJwkOf(publicKey));
    for (const key of [publicKey, ...formerKeys]) {
      this.verifying.set(thumbprint(publicJwkOf(key)), key);
    }
  }

  /** The installation's key alone, as platform/config has opened it. */
  static fromKey(signing: KeyObject): AccessTokenKeys {
    return new AccessTokenKeys(signing, []);
  }

  /** `signingKey`: an EC P-256 private key as PEM; `formerKeys`: public (or private) PEMs. */
  static fromPem(signingKey: string, formerKeys: readonly string[] = []): AccessTokenKeys {
    let signing: KeyObject;
    try {
      signing = createPrivateKey(signingKey);
    } catch (error) {
      throw new Error(
        'the signing key of access tokens is not a private key: give an EC P-256 key as PEM (openssl ecparam -name prime256v1 -genkey -noout)',
        { cause: error },
      );
    }
    return new AccessTokenKeys(
      signing,
      formerKeys.map((pem) => createPublicKey(pem)),
    );
  }

  verifyingKey(kid: string): KeyObject | undefined {
    return this.verifying.get(kid);
  }

  /** What /.well-known/jwks.json shows: public halves only. */
  published(): PublishedKey[] {
    return [...this.verifying].map(([kid, key]) => ({
      ...publicJwkOf(key),
      kid,
      alg: 'ES256',
      use: 'sig',
    }));
  }
}

function publicJwkOf(key: KeyObject): PublicJwk {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('keys of access tokens must be EC keys on P-256 (ES256)');
  }
  const { x, y } = key.export({ format: 'jwk' });
  return { kty: 'EC', crv: 'P-256', x: x!, y: y! };
}

/** RFC 7638: the key's own digest is its id, so an id cannot be given to another key. */
function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
